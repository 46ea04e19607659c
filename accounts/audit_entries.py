"""The audit as staff read it: what is asked for, page by page, newest first.

Entries are found by one index each time, whatever is asked for, and never counted: there may be
millions. Ids are in the order of time, give or take what was written at once.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import connection
from django.db.models import Q, QuerySet

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import AuditEntry, Customer, Service, User

PAGE: Final = 50
# So many are meant by a part of a name or an address at most.
NAMED_MAX: Final = 100
# As many entries as may be written at once by those whose clocks were read in another order.
_AT_ONCE: Final = 10_000
_EXPORTED_AT_ONCE: Final = 2_000

# Each distinct action by one step through their index.
_ACTIONS: Final = """
with recursive found as (
    (select action from accounts_auditentry order by action limit 1)
    union all
    select (select e.action from accounts_auditentry e where e.action > f.action
            order by e.action limit 1)
    from found f where f.action is not null
)
select action from found where action is not null
"""
# What concerns people is for those who may see people.
OF_PEOPLE: Final = (
    "accounts_user",
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "auth_group",
    "auth_group_permissions",
    "account_emailaddress",
    "mfa_authenticator",
)


@dataclass(frozen=True)
class Asked:
    term: str = ""
    person: str = ""
    action: str = ""
    via: str = ""
    since: date | None = None
    until: date | None = None  # that day included


def found(asked: Asked, *, hidden: Collection[str]) -> QuerySet[AuditEntry]:
    """Without those about rows of `hidden` tables."""
    entries = AuditEntry.objects.order_by("-id")
    if hidden:
        entries = entries.exclude(table__in=hidden)
    if term := asked.term.replace("\x00", "").strip():
        entries = entries.filter(_named(term))
    if person := asked.person.replace("\x00", "").strip():
        entries = entries.filter(_people(person) or Q(pk=None))
    if asked.action:
        entries = entries.filter(action=asked.action)
    if asked.via:
        entries = entries.filter(via=asked.via)
    return _within(entries, asked.since, asked.until)


def page(entries: QuerySet[AuditEntry], *, before: int | None) -> list[AuditEntry]:
    """One more than a page shows: it tells whether another one follows."""
    if before is not None:
        entries = entries.filter(id__lt=before)
    return list(entries.select_related("person", "service", "customer")[: PAGE + 1])


def actions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_ACTIONS)
        return [action for (action,) in cursor.fetchall()]


def every(entries: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """All of them, some at a time, so that a million need no more memory than a few."""
    before: int | None = None
    while True:
        rest = entries if before is None else entries.filter(id__lt=before)
        some = list(rest.select_related("person", "service", "customer")[:_EXPORTED_AT_ONCE])
        yield from some
        if len(some) < _EXPORTED_AT_ONCE:
            return
        before = some[-1].id


def _named(term: str) -> Q:
    """What is meant by it, most exact first; of several meanings the first that there is."""
    meanings: Sequence[Callable[[str], Q | None]] = (_id, _by, _request, _row, _action, _of)
    for meaning in meanings:
        meant = meaning(term)
        if meant is not None:
            return meant
    return Q(pk=None)


def _id(term: str) -> Q | None:
    prefix = term.partition("_")[0]
    try:
        id = ids.decode(prefix, term)
    except InvalidId:
        return None
    return Q(customer_id=id) if prefix == ids.CUSTOMER else _if_any(Q(row=str(id)))


def _by(term: str) -> Q | None:
    return _people(term) if "@" in term else None


def _people(term: str) -> Q | None:
    people = User.objects.filter(email__icontains=term).values_list("id", flat=True)
    some = list(people[:NAMED_MAX])
    return Q(person_id__in=some) if some else None


def _request(term: str) -> Q | None:
    return _if_any(Q(request_id=term))


def _row(term: str) -> Q | None:
    return _if_any(Q(row=term))


def _action(term: str) -> Q | None:
    return _if_any(Q(action=term))


def _of(term: str) -> Q | None:
    called = Q(name__icontains=term) | Q(email__icontains=term) | Q(external_id=term)
    some = list(Customer.objects.filter(called).values_list("id", flat=True)[:NAMED_MAX])
    if some:
        return Q(customer_id__in=some)
    services = list(Service.objects.filter(name__icontains=term).values_list("id", flat=True))
    return Q(service_id__in=services) if services else None


def _if_any(condition: Q) -> Q | None:
    return condition if AuditEntry.objects.filter(condition).exists() else None


def _within(
    entries: QuerySet[AuditEntry], since: date | None, until: date | None
) -> QuerySet[AuditEntry]:
    if since:
        start = _midnight(since)
        first = AuditEntry.objects.filter(at__gte=start).order_by("at").values_list("id", flat=True)
        lowest = first.first()
        entries = entries.filter(at__gte=start, id__gt=(lowest or 0) - _AT_ONCE)
    if until and until < date.max:
        end = _midnight(until) + timedelta(days=1)
        last = AuditEntry.objects.filter(at__lt=end).order_by("-at").values_list("id", flat=True)
        highest = last.first()
        entries = entries.filter(at__lt=end, id__lt=(highest or 0) + _AT_ONCE)
    return entries


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


class Words:
    """What tables and columns are called by people."""

    def __init__(self) -> None:
        every_model = apps.get_models(include_auto_created=True)
        self.models = {model._meta.db_table: model for model in every_model}

    def table(self, name: str) -> str:
        model = self.models.get(name)
        return str(model._meta.verbose_name) if model else name.partition("_")[2] or name

    def act(self, entry: AuditEntry) -> str:
        """`price group: added`, for what is called `pricegroup.added` in the table."""
        noun, _, verb = entry.action.partition(".")
        is_row = verb in ("added", "changed", "removed")
        called = self.table(entry.table) if is_row else noun.replace("_", " ")
        return f"{called}: {verb.replace('_', ' ')}"

    def column(self, table: str, name: str) -> str:
        field = self._field(table, name)
        return str(getattr(field, "verbose_name", name)) if field else name.replace("_", " ")

    def is_person(self, table: str, name: str) -> bool:
        """Whether what stands in it is the id of one."""
        return getattr(self._field(table, name), "related_model", None) is User

    def _field(self, table: str, name: str) -> Any:
        model = self.models.get(table)
        try:
            return model and model._meta.get_field(name.removesuffix("_id"))
        except FieldDoesNotExist:
            return None


def is_in_words(entry: AuditEntry) -> bool:
    """An act that was confirmed (accounts/confirming.py) says how it stood, `now` at that time, and
    what was `done`, as it was told. Neither is a column."""
    return "now" in (entry.before or {}) and "done" in (entry.after or {})


def who(entry: AuditEntry) -> str:
    if entry.person is not None:
        return entry.person.email
    if entry.service is not None:
        return entry.service.name
    return "A customer's key" if entry.key_id else "The system"


def key_of(entry: AuditEntry) -> str:
    return ids.encode(ids.KEY, entry.key_id) if entry.key_id else ""
