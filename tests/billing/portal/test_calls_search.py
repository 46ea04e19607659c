"""One call found by what a log says of it, and what makes no sense."""

import re

import pytest
from django.urls import reverse

from accounts import ids
from accounts.ids import uuid7
from accounts.request_ids import request_id
from ledger import services
from ledger.amounts import CREDIT
from ledger.keys import core_key
from tests.billing.portal.calls import PAGE, customer, debit, get, id_of, listed, name_of, prices
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    ServiceFactory,
)
from tests.ledger.api.conftest import operate

__all__ = ["customer", "prices"]


class TestSearch:
    def test_by_what_a_request_was_called(self, browser, customer):
        debit(customer, request_id="other")
        hold = operate("reserve", customer, amount=CREDIT, request_id="made-1")
        operate("commit", customer, reservation_id=hold.reservation_id, request_id="ended-1")
        for text in ("made-1", "ended-1", " made-1 "):
            assert listed(get(browser, q=text)) == [id_of(hold)], text

    def test_by_a_name_of_ours_near_its_time(self, browser, customer):
        name = request_id(None)
        one = debit(customer, request_id=name)
        page = get(browser, q=name)
        assert listed(page) == [id_of(one)] and "Found by its name" in page.content.decode()
        everywhere = re.search(r"below=f{32}", page.content.decode())
        assert everywhere and listed(get(browser, q=name, below="f" * 32)) == [id_of(one)]

    def test_a_name_of_ours_of_another_time_is_found_all_the_same(self, browser, customer):
        one = debit(customer, request_id="req_000000000001" + "0" * 20)
        assert listed(get(browser, q="req_000000000001" + "0" * 20)) == [id_of(one)]
        far = "req_" + "f" * 32
        assert listed(get(browser, q=far)) == []

    def test_by_reservation(self, browser, customer):
        one = debit(customer)
        debit(customer)
        assert listed(get(browser, q=name_of(one))) == [id_of(one)]
        for text in ("rsv_", name_of(one)[:-1] + "x", f"rsv_{'0' * 72}"):
            page = get(browser, q=text)
            assert listed(page) == [] and "No call of yours has this id" in page.content.decode()

    def test_by_transaction(self, browser, customer):
        hold = operate("reserve", customer, amount=CREDIT)
        done = operate("commit", customer, reservation_id=hold.reservation_id)
        debit(customer)
        name = ids.encode("txn", done.transaction_id)
        page = get(browser, q=name)
        assert listed(page) == [id_of(hold)] and f'value="{name}"' in page.content.decode()
        assert f'<a href="{PAGE}{name_of(hold)}/"><strong>open it' in page.content.decode()
        stranger = CustomerFactory()
        services.grant(stranger.id, amount=CREDIT, kind="promo")
        others = ids.encode("txn", debit(stranger).transaction_id)
        for text in ("txn_", name[:-1], others):
            assert listed(get(browser, q=text)) == []

    @pytest.mark.parametrize("key", [str(uuid7()), "order-17", "two words, and a sign: ="])
    def test_by_idempotency_key(self, browser, customer, key):
        """Of any service that made or ended it."""
        ServiceFactory()
        service = ServiceFactory()
        made = core_key(service.id, key)
        is_row = made.version == 7
        one = debit(customer, key=made, key_is_id=is_row)
        debit(customer)
        assert listed(get(browser, q=key)) == [id_of(one)]
        hold = operate("reserve", customer, amount=CREDIT)
        ended = core_key(service.id, f"{key}2")
        operate("commit", customer, reservation_id=hold.reservation_id, key=ended, key_is_id=False)
        assert listed(get(browser, q=f"{key}2")) == [id_of(hold)]

    def test_another_companys_is_not_found(self, browser, customer):
        other = CustomerFactory()
        services.grant(other.id, amount=CREDIT, kind="promo")
        service = ServiceFactory()
        theirs = debit(other, request_id="theirs", key=core_key(service.id, "k"), key_is_id=False)
        for text in ("theirs", name_of(theirs), "k"):
            assert listed(get(browser, q=text)) == [], text

    def test_what_is_nowhere(self, browser, customer):
        debit(customer)
        text = get(browser, q="nowhere").content.decode()
        assert "Searched back to the first call" in text


class TestNonsense:
    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ({"key": "abc"}, "no key like that"),
            ({"key": "key_" + "0" * 32}, "no key like that"),
            ({"outcome": "x" * 10_000}, "no outcome like that"),
            ({"state": "gone"}, "no state like that"),
            ({"endpoint": "x" * 10_000}, "no endpoint like that"),
            ({"endpoint": "a\0b"}, "no endpoint like that"),
            ({"below": "made-up"}, "not whole"),
            ({"below": "x" * 10_000}, "not whole"),
            ({"q": "x" * 10_000}, "at most 255"),
            ({"q": "a\0b"}, "at most 255"),
            ({"from": "soon", "to": "2026-11-21"}, "each as a date"),
        ],
    )
    def test_is_said_and_nothing_breaks(self, browser, customer, query, words):
        one = debit(customer)
        page = get(browser, **query)
        assert words in page.content.decode() and listed(page) == [id_of(one)]
        file = browser.get(reverse("calls-csv"), query)
        if "from" in query:
            assert file.status_code == 400 and words in file.content.decode()
        else:
            assert file.status_code == 302 and file["Location"].startswith(PAGE)
        for part in ("more-calls", "new-calls"):
            told = query | {"of": customer.id, "above": "0" * 32, "open": "x,y"}
            assert browser.get(reverse(part), told).status_code in (200, 204)

    def test_any_cursor_is_a_place(self, browser, customer):
        one = debit(customer)
        assert listed(get(browser, below="f" * 32)) == [id_of(one)]
        assert listed(get(browser, below="0" * 32)) == []

    def test_another_companys_key_is_none(self, browser, customer):
        key = ApiKeyFactory(customer=CustomerFactory()).key
        text = get(browser, key=ids.encode("key", key.id)).content.decode()
        assert "no key like that" in text
