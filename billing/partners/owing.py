"""What partners are owed: what was accrued, less what was paid out."""

from typing import NamedTuple

from billing.books.rows import rows
from billing.models import Partner

_OWED = """
select currency, coalesce(t.accrued, 0)::bigint, coalesce(p.paid, 0)::bigint from (
    select currency, accrued from billing_partnertotal where partner_id = %(partner)s
) t full join (
    select currency, sum(amount) as paid from billing_partnerpayout
    where partner_id = %(partner)s group by 1
) p using (currency)
order by 1
"""


class Owed(NamedTuple):
    """Minor units. Below zero, more was paid out than has been earned."""

    currency: str
    accrued: int
    paid: int

    @property
    def owed(self) -> int:
        return self.accrued - self.paid


def owed(partner: Partner) -> list[Owed]:
    return [Owed(*row) for row in rows(_OWED, {"partner": partner.pk})]
