"""What a customer, its keys and endpoints may spend. The core decides it with each hold
(sql/functions/limits.sql); here limits are set and read.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from django.db import connection

from ledger import wallets

Scope = Literal["customer", "key", "endpoint"]
Kind = Literal["rate", "holds", "largest", "spend"]
Period = Literal["day", "month", "lifetime"]
Source = Literal["plan", "provider", "customer"]

_ENDPOINT: Final = UUID("00000000-0000-8000-8000-000000000000").int


class Limit(NamedTuple):
    """One limit of the customer, of a key (its id; none: of every key) or of an endpoint (its id).

    `rate`: one call in `every` microseconds, and up to `burst` at once. `holds`: so many open ones
    (`hard`). `largest`: micro-credits of one hold (`hard`). `spend`: micro-credits in a period, of
    which `soft` is told and `hard` refused.
    """

    scope: Scope
    kind: Kind
    subject: UUID | int | None = None
    period: Period | None = None
    hard: int | None = None
    soft: int | None = None
    every: int | None = None
    burst: int | None = None


class Standing(NamedTuple):
    """A limit in force, and how much of it is used: micro-credits, or open holds. `refuses`: in
    this period it has refused a call, which may have asked for more than was left of it."""

    source: Source
    limit: Limit
    used: int | None
    starts_at: datetime | None
    resets_at: datetime | None
    refuses: bool


def set_limits(customer_id: UUID, source: Source, limits: Sequence[Limit]) -> None:
    """In place of those that the same source gave before. The provider's own go before the plan's;
    the customer's are checked beside them. Periods are those of the customer's time zone; when that
    changes, from their next one on.

    Raises Refused with cap-below-spent, and nothing is changed then.
    """
    given: list[dict[str, Any]] = [
        {name: value for name, value in limit._asdict().items() if value is not None}
        for limit in limits
    ]
    wallets.limit(customer_id, source=source, limits=given)


_STANDINGS: Final = """
    select s.*, exists (
        select from ledger_limit l join ledger_wallet w using (customer_id)
        where l.customer_id = %s and not l.from_every_key and l.told
            and (l.source, l.scope, l.kind) = (s.source, s.scope, s.kind)
            and l.subject is not distinct from s.subject and l.period is not distinct from s.period
            and l.ends_at > ledger_now() + coalesce(w.clock_shift, '0')
    )
    from ledger_limits_of(%s) s
"""


def of(customer_id: UUID) -> list[Standing]:
    """The limits in force of a customer, its endpoints and keys."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS, [customer_id, customer_id])
        return [_standing(*row) for row in cursor.fetchall()]


_OF_EACH_KEY: Final = """
    select l.source, l.scope, l.subject, l.kind, l.period, l.hard, l.soft, l.every, l.burst,
        case l.kind when 'holds' then (s.meter).holds
            when 'spend' then case when l.ends_at > c.now then (s.meter).charged - l.base else 0 end
        end,
        case when isfinite(l.starts_at) then l.starts_at end,
        case when isfinite(l.ends_at) then l.ends_at end,
        l.kind = 'spend' and l.told and l.ends_at > c.now
    from ledger_limit l join ledger_subject s using (customer_id, subject)
        join ledger_wallet w using (customer_id)
        cross join lateral (select ledger_now() + coalesce(w.clock_shift, '0') as now) c
    where l.customer_id = %s and l.from_every_key
    order by l.subject, l.kind, l.period, l.source
"""
_GIVEN: Final = """
    select scope, kind, subject, period, hard, soft, every, burst from ledger_limit
    where customer_id = %s and source = %s and not from_every_key order by id
"""


def of_each_key(customer_id: UUID) -> list[Standing]:
    """How far each key that was used is with a limit that is for every key."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_EACH_KEY, [customer_id])
        return [_standing(*row) for row in cursor.fetchall()]


def given(customer_id: UUID, source: Source) -> list[Limit]:
    """What a source gave, whether or not another's goes before it."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN, [customer_id, source])
        # The core calls endpoints and customers by ids of its own.
        return [
            Limit(scope, kind, subject_of(scope, subject), *amounts)
            for scope, kind, subject, *amounts in cursor.fetchall()
        ]


def _standing(
    source: Source,
    scope: Scope,
    subject: UUID | None,
    kind: Kind,
    period: Period | None,
    hard: int | None,
    soft: int | None,
    every: int | None,
    burst: int | None,
    *use: Any,
) -> Standing:
    limit = Limit(scope, kind, subject_of(scope, subject), period, hard, soft, every, burst)
    return Standing(source, limit, *use)


def subject_of(scope: str, subject: UUID | None) -> UUID | int | None:
    """The key's id, or the endpoint's, by what the core calls it."""
    if subject is None or scope == "customer":
        return None
    return subject.int - _ENDPOINT if scope == "endpoint" else subject
