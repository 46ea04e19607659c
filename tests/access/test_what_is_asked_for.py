"""What a page is asked for beside its address: another company's ids open nothing, and what is
sent without a body or as a part of a page is refused to the same people."""

from itertools import product
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from accounts import ids
from ledger import limits
from ledger.amounts import CREDIT, show
from ledger.ids import LOT, ReservationId
from tests.access.test_every_url import TABLE
from tests.access.world import URLS, World
from tests.downloads import downloaded
from tests.factories.ledger import Book

# By which a page may be asked for one thing. Those that a page does not know, it ignores.
NAMES: Final = (
    *("key", "endpoint", "lot", "call", "purchase", "customer", "company", "of", "id"),
    *("q", "request_id", "cursor", "after", "before", "page", "at", "state", "member"),
)
PART_OF_A_PAGE: Final = {"HX-Request": "true"}
# Nobody else has spent just that.
SPENT: Final = 987_654


def addresses(method: str = "GET") -> list[str]:
    """Below /portal/, of what a company sees, without anything of it in the address."""
    return [
        name
        for (name, asked), row in TABLE.items()
        if asked == method and not URLS[name] and row["stranger"] == "200" and row["staff"] == "404"
    ]


def spent_by(world: World) -> list[str]:
    """The ids of a call of the company, as they are said."""
    book = Book(world.acme.id)
    lot = book.grant(100 * CREDIT)
    limits.set_limits(world.acme.id, "customer", [])
    made = book.reserve(SPENT, api_key_id=world.key.id, request_id="req_of_acme")
    assert made.reservation_id and book.commit(made).ok
    call = str(ReservationId(world.acme.id, made.reservation_id, 0))
    return [call, str(made.reservation_id), ids.encode(LOT, lot), str(lot), "req_of_acme"]


def assert_tells_nothing(world: World, answer: HttpResponse, *asked: object) -> None:
    assert answer.status_code < 500, asked
    told = downloaded(answer) if answer.streaming else answer.content
    for secret in (*world.secrets(), show(SPENT)):
        assert secret.encode() not in told, (asked, secret)


def test_ids_of_another_company_open_nothing(world: World) -> None:
    known = [
        *spent_by(world),
        *(str(one.id) for one in (world.acme, world.key, world.purchase, world.colleague)),
        *(ids.encode(kind, one.id) for kind, one in (("cus", world.acme), ("key", world.key))),
    ]
    stranger = world.browsers["stranger"]
    for name, number in product(addresses(), range(len(known))):
        # Each name with each id: the names go round.
        query = {one: known[(number + place) % len(known)] for place, one in enumerate(NAMES)}
        for headers in ({}, PART_OF_A_PAGE):
            answer = stranger.get(reverse(name), query, headers=headers)
            assert_tells_nothing(world, answer, name, query)


def test_one_id_alone_opens_nothing(world: World) -> None:
    """Where several were asked for at once, one that is nonsense may have hidden another."""
    key, stranger = world.key.id, world.browsers["stranger"]
    spent_by(world)
    for name, asked in product(addresses(), ("key", "customer", "of")):
        value = key if asked == "key" else world.acme.id
        for shown in (str(value), ids.encode("key" if asked == "key" else "cus", value)):
            answer = stranger.get(reverse(name), {asked: shown})
            assert_tells_nothing(world, answer, name, asked)


def test_who_may_not_gets_no_part_and_no_head_of_a_page(world: World) -> None:
    others = {}
    for (name, method), row in TABLE.items():
        if method != "GET" or name.startswith(("account", "mfa", "usersessions")):
            continue
        path = world.path(name)
        for who in ("viewer", "developer", "billing", "staff"):
            if row[who] not in ("403", "404", "405"):
                continue
            browser, query = world.browsers[who], {"of": world.acme.id}
            part = browser.get(path, query, headers=PART_OF_A_PAGE).status_code
            # Not every page has a head to ask for.
            head = browser.head(path, query).status_code
            if str(part) != row[who] or str(head) not in (row[who], "405"):
                others[name, who] = (part, head)
    assert others == {}
