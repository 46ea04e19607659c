"""What a back-test found, read from its lines."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from accounts import ids
from billing.backtest.repricing import half_even
from billing.books.rows import rows
from billing.models import BackTest, BackTestLine
from ledger.models import Endpoint

# By what lines are added up: a column, and how it is named.
_ALL: Final = "null::text"
_ENDPOINT: Final = "l.endpoint_id"
_CUSTOMER: Final = "l.customer_id"

MILLION: Final = 10**6


class Figures(NamedTuple):
    """Credits are micro-credits, money is minor units, before and after by currency."""

    name: str
    calls: int
    before: int
    after: int
    money: Mapping[str, tuple[int, int]]

    @property
    def change(self) -> int:
        return self.after - self.before

    @property
    def money_change(self) -> dict[str, int]:
        return {currency: after - before for currency, (before, after) in self.money.items()}


class Listed(NamedTuple):
    """A line with its names."""

    customer: str
    customer_name: str
    figures: Figures


def totals(back_test: BackTest) -> Figures:
    found = _figures(back_test, _ALL, {})
    return found[0] if found else Figures("", 0, 0, 0, {})


def by_endpoint(back_test: BackTest) -> list[Figures]:
    """The one that changes most comes first."""
    names: dict[Any, str] = dict(Endpoint.objects.values_list("id", "code"))
    found = _figures(back_test, _ENDPOINT, names | {None: "no endpoint"})
    return sorted(found, key=lambda one: (-abs(one.change), one.name))


def winners(back_test: BackTest, many: int) -> list[Figures]:
    """The customers who would have paid less, by how much."""
    return _customers(back_test, many, "sum(after - before) < 0", "sum(after - before)")


def losers(back_test: BackTest, many: int) -> list[Figures]:
    """Those who would have paid more."""
    return _customers(back_test, many, "sum(after - before) > 0", "sum(after - before) desc")


def customers(back_test: BackTest) -> int:
    return back_test.lines.values("customer").distinct().count()


def currencies(back_test: BackTest) -> list[str]:
    sql = """
        select distinct m.key from billing_backtestline l, jsonb_each(l.money) m
        where l.back_test_id = %(id)s order by 1
    """
    return [currency for (currency,) in rows(sql, {"id": back_test.pk})]


def lines(back_test: BackTest) -> Iterator[Listed]:
    """All of them, however many there are."""
    found = BackTestLine.objects.filter(back_test=back_test)
    found = found.select_related("customer", "endpoint")
    for line in found.order_by("customer_id", "endpoint_id").iterator(chunk_size=2000):
        money = {currency: _minor(*both) for currency, both in line.money.items()}
        code = line.endpoint.code if line.endpoint else "no endpoint"
        yield Listed(
            ids.encode(ids.CUSTOMER, line.customer_id),
            line.customer.name,
            Figures(code, line.calls, line.before, line.after, money),
        )


def _customers(back_test: BackTest, many: int, having: str, order: str) -> list[Figures]:
    sql = f"""
        select customer_id, c.name from billing_backtestline l
        join accounts_customer c on c.id = l.customer_id
        where back_test_id = %(id)s group by 1, 2 having {having} order by {order}, 1 limit %(many)s
    """
    names = dict(rows(sql, {"id": back_test.pk, "many": many}))
    found = _by(back_test, _CUSTOMER, list(names))
    return [found[id]._replace(name=name) for id, name in names.items()]


def _figures(back_test: BackTest, by: str, names: Mapping[Any, str]) -> list[Figures]:
    found = _by(back_test, by, None)
    return [one._replace(name=names.get(key, "")) for key, one in found.items()]


def _by(back_test: BackTest, by: str, of: Sequence[Any] | None) -> dict[Any, Figures]:
    where = "where l.back_test_id = %(id)s" + (f" and {by} = any(%(of)s)" if of is not None else "")
    told = {"id": back_test.pk, "of": of}
    money: dict[Any, dict[str, tuple[int, int]]] = defaultdict(dict)
    sums = "sum((m.value->>0)::numeric), sum((m.value->>1)::numeric)"
    each = "billing_backtestline l, jsonb_each(l.money) m"
    for key, currency, before, after in rows(
        f"select {by}, m.key, {sums} from {each} {where} group by 1, 2 order by 2", told
    ):
        money[key][currency] = _minor(int(before), int(after))
    sql = f"""
        select {by}, sum(calls)::bigint, sum(before)::bigint, sum(after)::bigint
        from billing_backtestline l {where} group by 1
    """
    return {
        key: Figures("", calls, before, after, money[key])
        for key, calls, before, after in rows(sql, told)
    }


def _minor(before: int, after: int) -> tuple[int, int]:
    return half_even(before, MILLION), half_even(after, MILLION)
