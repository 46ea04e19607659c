"""Section 3: ten lots of 100.00, an estimate of 10 % that is cut to 8 %, and their expiry."""

from decimal import Decimal
from functools import partial
from typing import NamedTuple

from billing.books.breakage.estimates import by_rate
from billing.books.breakage.formula import Position, recognised, remote
from billing.books.breakage.movement import movement

V = 1000_00


class Row(NamedTuple):
    consumed: int
    expired: int
    rate: str
    n: int
    posted: int
    catch_up: int
    current: int  # with what expired
    deferred: int  # 2100
    advance: int  # 2110
    net: int


TABLE = [
    Row(300_00, 0, "0.10", 33_33, 33_33, 0, 33_33, 700_00, 33_33, 666_67),
    Row(540_00, 0, "0.10", 60_00, 26_67, 0, 26_67, 460_00, 60_00, 400_00),
    Row(724_00, 0, "0.08", 62_96, 2_96, -13_04, 16_00, 276_00, 62_96, 213_04),
    Row(850_00, 0, "0.08", 73_91, 10_95, 0, 10_95, 150_00, 73_91, 76_09),
    Row(905_00, 0, "0.08", 78_70, 4_79, 0, 4_79, 95_00, 78_70, 16_30),
    Row(905_00, 95_00, "0.08", 95_00, 16_30, 0, 16_30, 0, 0, 0),
]


def played(rows):
    """Each row again, from its inputs and what was posted before it."""
    before, posted = Position(V, 0, 0), 0
    for row in rows:
        now = Position(V, row.consumed, row.expired)
        rule = partial(recognised, expected=by_rate(now, Decimal(row.rate)))
        n, moved = rule(now), movement(rule, posted, before, now)
        advance = n - now.a
        yield Row(
            now.c,
            now.a,
            row.rate,
            n,
            moved.total,
            moved.catch_up,
            moved.current + moved.expiry,
            now.o,
            advance,
            now.o - advance,
        )
        before, posted = now, posted + moved.total


def test_the_table():
    assert list(played(TABLE)) == TABLE


def test_use_and_breakage_are_the_price():
    assert sum(row.posted for row in played(TABLE)) == 95_00 == V - 905_00


def test_the_step_at_the_end_is_the_expiry():
    rule = partial(recognised, expected=Decimal(80_00))
    moved = movement(rule, 78_70, Position(V, 905_00, 0), Position(V, 905_00, 95_00))
    assert moved == (0, 0, 16_30)


def test_remote_recognises_all_of_it_when_it_expires():
    """W = 0: nothing until month 12, then 95.00 in one step."""
    before, posted = Position(V, 0, 0), []
    for row in TABLE:
        now = Position(V, row.consumed, row.expired)
        posted.append(movement(partial(remote, judged_remote=0), sum(posted), before, now).total)
        before = now
    assert posted == [0, 0, 0, 0, 0, 95_00]
