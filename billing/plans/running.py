"""The round of the task: periods that are over are turned, and what is due is charged."""

from billing.plans import charging, closing, turning


def run() -> str:
    turned = turning.turn_due()
    turning.apply_all()
    charged = charging.charge_due()
    closing.close_left()
    return f"{turned} periods turned over, {charged} invoices taken up"
