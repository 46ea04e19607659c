"""The customers that used most."""

from uuid import UUID

from accounts.models import Customer
from billing.admin.dashboard import lines
from billing.admin.dashboard.blocks import Block, Cell, Seen, Table
from billing.charts import Chart
from billing.charts import figure as drawn
from billing.margins import Line
from ledger.admin import shown


def block(seen: Seen) -> Block:
    made = Block(
        "customers",
        "Top customers",
        lines.as_of(seen),
        empty=lines.empty(seen),
        links=seen.links(
            ("accounts.view_customer", "Customers", "accounts_customer_changelist"),
            ("billing.view_margin", "Gross margin", "billing_margin_changelist"),
        ),
    )
    if made.empty or seen.calls is None:
        return made
    found = lines.read(seen.calls.customers)
    known = Customer.objects.in_bulk([UUID(str(line.of)) for line in found if line.of])
    names = {str(customer.pk): customer.name for customer in known.values()}
    drawable = lines.top(found, len(found))
    if drawable:
        labels = [_short(names.get(str(line.of), "")) for line in drawable]
        series = [("Credits used", [line.credits for line in drawable])]
        title = "Credits used by those who used most"
        made.charts = [drawn(Chart("bars", title, "credits", labels, series, of="Customer"))]
    made.tables = [_table(seen, found, known)]
    made.notes = [f"{seen.calls.customers_in_all:,} customers called in this time."]
    return made


def _table(seen: Seen, found: list[Line], known: dict[UUID, Customer]) -> Table:
    currency, whole = seen.calls.currency if seen.calls else "", lines.credits_in_all(seen)
    with_money = seen.may("billing.view_report") and bool(currency)
    columns = ["Customer", "Calls", "Credits used", "Share"]
    rows: list[list[Cell]] = []
    for line in found:
        customer = known.get(UUID(str(line.of)))
        name = _name(seen, customer)
        rows.append([name, *lines.use(line, whole)])
        if with_money:
            rows[-1] += lines.money(line, currency)
    if with_money:
        columns += lines.money_columns(currency)
    return Table("Customers by credits used", columns, rows)


def _name(seen: Seen, customer: Customer | None) -> Cell:
    if customer is None:
        return "(not known)"
    return shown.customer(customer) if seen.may("accounts.view_customer") else customer.name


def _short(name: str) -> str:
    return name if len(name) <= 12 else f"{name[:11]}…"
