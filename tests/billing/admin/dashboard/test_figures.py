"""Every figure of the dashboard is what the transfers, the books and the margins report come to."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.models import User
from billing import figures, margins
from billing.admin.dashboard import answers, credits, customers, endpoints, holds, revenue
from billing.admin.dashboard.blocks import Block, Seen
from billing.books import revenue as recognising
from billing.dashboard import call_figures, spans
from ledger import company_sums, selectors
from ledger.models import AnswerCount
from tests.billing.portal.figures.history import History
from tests.factories.dated import undone

REAL = (
    "exists (select from accounts_customer c"
    " where c.id = {}.customer_id and c.sandbox_of_id is null)"
)

# What was posted for another day than that on which it was written counts within that day.
AT = """(case
    when posted_on is null or posted_on = (posted_at at time zone 'UTC')::date then posted_at
    when posted_on = (effective_at at time zone 'UTC')::date then effective_at
    else posted_on::timestamp at time zone 'UTC' end)"""


@pytest.fixture(params=range(2))
def history(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[History]:
    """Of several days, and all that is done in the background is done."""
    with django_db_blocker.unblock(), undone():
        played = History(request.param)
        for _ in range(4):
            played.play(30)
            played.clock.forward(Random(request.param).choice([20, 45]) * 3600)
        played.play(20)
        recognising.expire_all()
        recognising.recognise_all()
        company_sums.advance(seconds=60)
        yield played


def test_every_figure(history: History) -> None:
    """One history for all of them: it is long."""
    boss = User.objects.create_superuser("dashboard@example.com")
    for days in spans.LENGTHS:
        assert_credits_are_those_of_the_transfers(boss, days)
        assert_each_part_of_a_chart_is_in_the_sum(boss, days)
        assert_before_is_as_long_and_as_far_into_the_day(boss, days)
    for days in (7, 30, 90):
        assert_revenue_and_breakage_are_those_of_the_books(boss, days)
        assert_endpoints_and_customers_are_those_of_the_margins_report(boss, days)
    assert_what_is_held_is_what_the_wallets_hold(boss)
    assert_answers_are_the_counts(boss)


def seen(boss: User, days: int) -> Seen:
    return Seen(spans.of(days, selectors.now()), boss)


def shown(block: Block | None) -> dict[str, str]:
    assert block is not None
    return {one.name: str(one.value) for one in block.figures}


def value(query: str, *asked: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query, asked)
        return int(cursor.fetchone()[0] or 0)


def moved(into: str, period, extra: str = "true") -> int:
    """Of credits."""
    return value(
        "select sum(case when credit = %s then amount else -amount end) from ledger_transfer t"
        f" where %s in (debit, credit) and {AT} >= %s and {AT} < %s and {extra}"
        f" and {REAL.format('t')}",
        into,
        into,
        *period,
    )


def issued(period, kinds: tuple[str, ...]) -> int:
    return value(
        "select sum(t.amount) from ledger_lot l join ledger_transfer t using (customer_id)"
        " where t.lot_id = l.id and t.kind = 'grant' and t.debit = 'U10' and l.kind = any(%s)"
        f" and {AT} >= %s and {AT} < %s and {REAL.format('l')}",
        list(kinds),
        *period,
    )


def earned(accounts: tuple[str, ...], period, extra: str = "true") -> int:
    """As the books have it, by the days of their postings."""
    return value(
        "select -sum(p.amount) from ledger_posting p where unit = 'USD' and account = any(%s)"
        f" and posting_date >= %s and posting_date <= %s and {extra} and {REAL.format('p')}",
        list(accounts),
        period.start.date(),
        period.end.date(),
    )


def assert_credits_are_those_of_the_transfers(boss, days):
    asked = seen(boss, days)
    said, period = shown(credits.block(asked)), asked.span.period
    assert said == {
        "Sold": figures.credits(issued(period, ("paid", "bonus"))),
        "Used": figures.credits(moved("U30", period)),
        "Expired": figures.credits(moved("U31", period)),
    }
    assert days < 30 or (said["Used"] != "0" and said["Sold"] != "0")


def assert_each_part_of_a_chart_is_in_the_sum(boss, days):
    asked = seen(boss, days)
    for measure in (credits.SOLD, credits.USED, credits.EXPIRED, *revenue.PARTS):
        found = credits.summed.measured(asked.sums, measure)
        assert sum(found.parts.get(at, 0) for at in asked.span.parts) == found.now


def assert_revenue_and_breakage_are_those_of_the_books(boss, days):
    asked = seen(boss, days)
    said, period = shown(revenue.block(asked)), asked.span.period
    revenues = ("4100", "4200", "4110", "4400", "4300", "4310", "4390")
    assert said["Sales"] == usd(earned(("2100",), period, "kind = 'grant'"))
    assert said["Usage revenue"] == usd(earned(("4100",), period))
    assert said["Breakage"] == usd(earned(("4200",), period))
    assert said["Revenue in all"] == usd(earned(revenues, period))
    assert said["Usage revenue"] != usd(0)


def usd(minor: int) -> str:
    return f"{figures.money(minor, 'USD')} USD"


def assert_before_is_as_long_and_as_far_into_the_day(boss, days):
    asked = seen(boss, days)
    used = next(one for one in credits.block(asked).figures if one.name == "Used")
    before = moved("U30", asked.span.before)
    assert used.note == ("Nothing before" if not before else used.note)
    assert not before or f"({figures.credits(before)})" in used.note


def assert_what_is_held_is_what_the_wallets_hold(boss):
    """Once what is due has expired."""
    block = holds.block(seen(boss, 7))
    said = shown(block)
    held = value(f"select sum(held) from ledger_wallet w where {REAL.format('w')}")
    number = value(f"select count(*) from ledger_hold h where {REAL.format('h')}")
    assert said["Held"] == figures.credits(held)
    if number:
        oldest = holds.oldest()
        assert oldest is not None and oldest.number == number
        with connection.cursor() as cursor:
            cursor.execute(f"select min(created_at) from ledger_hold h where {REAL.format('h')}")
            assert oldest.created_at == cursor.fetchone()[0]


def assert_endpoints_and_customers_are_those_of_the_margins_report(boss, days):
    asked = seen(boss, days)
    call_figures.work_out(asked.span)
    found = margins.realised(asked.span.period.start.date(), asked.span.now.date())
    (table,) = endpoints.block(asked).tables
    by_credits = sorted(found.endpoints, key=lambda line: (-line.credits, str(line.of)))
    assert [row[1:3] for row in table.rows] == [
        [f"{line.calls:,}", figures.credits(line.credits)] for line in by_credits
    ]
    revenues = [Decimal(str(row[4]).replace(",", "")) for row in table.rows]
    assert revenues == [round(line.net, 2) for line in by_credits]
    (table,) = customers.block(asked).tables
    top = sorted((line.credits for line in found.customers), reverse=True)[:10]
    assert [row[2] for row in table.rows] == [figures.credits(one) for one in top]


def assert_answers_are_the_counts(boss):
    AnswerCount.objects.all().delete()
    random, now = Random(1), selectors.now().astimezone(UTC)
    for number in range(300):
        made = now.timestamp() - random.randint(0, 14 * 86_400)
        AnswerCount.objects.create(
            since=datetime.fromtimestamp(made // 300 * 300 + number / 10**6, UTC),
            operation=random.choice(["debit", "reserve", "event", "commit"]),
            reason=random.choice(["", "", "insufficient-credits", "unknown-endpoint"]),
            count=random.randint(1, 50),
        )
    for days in (1, 7):
        asked = seen(boss, days)
        counts = AnswerCount.objects.filter(
            since__gte=asked.span.period.start, since__lt=asked.span.period.end
        )
        debits = counts.exclude(operation="commit")
        granted = sum(one.count for one in debits.filter(reason=""))
        refused = sum(one.count for one in debits.exclude(reason=""))
        block = answers.block(asked)
        said = shown(block)
        assert said["Debits granted"] == f"{granted:,}"
        assert said["Debits refused"] == f"{refused:,}"
        assert said["Refused, of all"] == figures.percent(Decimal(refused) / (granted + refused), 1)
        rows = {(row[0], row[1]): row[2] for row in block.tables[0].rows}
        for (reason, operation), count in rows.items():
            of = counts.filter(reason=reason, operation=operation)
            assert count == f"{sum(one.count for one in of):,}"
