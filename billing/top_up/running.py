"""The round of the task: what is wanted is charged, and keys are as they should be."""

from billing.top_up import charging, suspending, wishing


def run() -> int:
    """How many top-ups were taken up."""
    wishing.look()
    taken = charging.charge_due()
    suspending.look_at_all()
    return taken
