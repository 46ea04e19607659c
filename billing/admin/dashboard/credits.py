"""Credits: sold, used and expired, and what else became of them."""

from billing import figures
from billing.admin.dashboard import summed
from billing.admin.dashboard.blocks import Block, Seen, Table, minute
from billing.admin.dashboard.summed import Measure
from billing.charts import figure as drawn
from ledger.company_sums import Sum
from ledger.money import CREDITS


def _issued(one: Sum, *, sold: bool) -> int:
    """More credits for the price of a lot that was sold before (a concession) are given away. What
    was brought as an opening balance is neither: that happened elsewhere."""
    is_sold = one.is_sale and one.kind == "grant"
    is_ours = one.debit == "U10" and one.kind != "opening"
    return one.amount if is_ours and is_sold is sold else 0


SOLD = Measure("Sold", lambda one: _issued(one, sold=True))
GIVEN = Measure("Given away", lambda one: _issued(one, sold=False))
USED = Measure("Used", lambda one: one.into("U30"))
EXPIRED = Measure("Expired", lambda one: one.into("U31"))
BROUGHT = Measure(
    "Brought as opening balances",
    lambda one: one.amount if one.debit == "U10" and one.kind == "opening" else 0,
)
OTHERS = (
    GIVEN,
    BROUGHT,
    Measure("Refunded or withdrawn", lambda one: one.into("U32")),
    Measure("Voided", lambda one: one.into("U34")),
    Measure("Escheated", lambda one: one.into("U33")),
)
EMPTY = "No credits moved in this time. Once a pack is sold, or a call is charged, it stands here."


def block(seen: Seen) -> Block:
    rows = [one for one in seen.sums if one.unit == CREDITS]
    found = {one: summed.measured(rows, one) for one in (SOLD, USED, EXPIRED, *OTHERS)}
    made = Block(
        "credits",
        "Credits",
        minute(seen.summed_at),
        figures=[summed.figure(one, found[one], figures.credits) for one in (SOLD, USED, EXPIRED)],
        warning=summed.warning(seen),
        notes=[
            "Sold: bonus credits of a pack included, opening balances not. Used: less what was"
            " given back. Each counts when it was posted, or within the day of the books"
            " that it was posted for. Credits of sandboxes count nowhere."
        ],
        links=seen.links(
            ("ledger.view_transfer", "Transfers", "ledger_transfer_changelist"),
            ("ledger.view_lot", "Lots", "ledger_lot_changelist"),
            ("billing.view_purchase", "Purchases", "billing_purchase_changelist"),
        ),
    )
    if not any(one.now or one.before for one in found.values()):
        made.empty = EMPTY
        return made
    charts = [
        summed.chart(
            seen.span,
            "Credits used and expired",
            "credits",
            [(one, found[one]) for one in (USED, EXPIRED)],
        ),
        summed.chart(
            seen.span,
            "Credits sold and given away",
            "credits",
            [(one, found[one]) for one in (SOLD, GIVEN)],
        ),
    ]
    made.charts = [drawn(chart) for chart in charts if chart]
    others = [
        (one.name, figures.credits(found[one].now), figures.credits(found[one].before))
        for one in OTHERS
        if found[one].now or found[one].before
    ]
    if others:
        made.tables = [Table("What else moved", ("", "Now", "Before"), others)]
    return made
