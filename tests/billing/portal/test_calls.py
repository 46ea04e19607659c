"""A company's call log: the list and its filters, and what is new."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts import ids
from accounts.models import Role
from ledger import call_stretches, selectors
from ledger.amounts import CREDIT
from tests.accounts.people import browser_of
from tests.billing.portal.calls import customer, debit, get, id_of, listed, name_of, prices
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
)
from tests.ledger.api.conftest import operate

__all__ = ["customer", "prices"]


class TestList:
    def test_it_tells_of_each_call_the_newest_first(self, browser, customer, prices):
        key = ApiKeyFactory(customer=customer, name="web").key
        hold = operate("reserve", customer, amount=9 * CREDIT, request_id="first")
        done = debit(
            customer,
            price_id=prices["classify"].id,
            api_key_id=key.id,
            outcome="partial",
            request_id="x" * 40,
        )
        page = get(browser)
        assert listed(page) == [id_of(done), id_of(hold)]
        text = page.content.decode()
        for words in ("classify", "web", key.prefix, "Partial", "Committed", "9 held", "x" * 40):
            assert words in text
        assert "…xxxxxx</code>" in text and reverse("call", args=[name_of(hold)]) in text

    def test_who_has_none_is_shown_the_way(self, browser, member):
        text = get(browser).content.decode()
        assert "No calls yet" in text and "/portal/start/" in text

    def test_filters(self, browser, customer, prices):
        key = ApiKeyFactory(customer=customer).key
        ids_of = {
            "endpoint": debit(customer, price_id=prices["classify"].id),
            "key": debit(customer, api_key_id=key.id),
            "outcome": debit(customer, outcome="timeout"),
            "state": operate("reserve", customer, amount=CREDIT),
        }
        values = {"endpoint": "classify", "key": ids.encode("key", key.id)}
        values |= {"outcome": "timeout", "state": "held"}
        for name, value in values.items():
            assert listed(get(browser, **{name: value})) == [id_of(ids_of[name])], name
        nothing = get(browser, endpoint="summarize").content.decode()
        assert "None is like that" in nothing and "summarize" in nothing

    def test_every_state(self, browser, customer):
        held, released, committed, reversed, expired = (
            operate("reserve", customer, amount=CREDIT, expires_in=seconds)
            for seconds in (900, 900, 900, 900, -1)
        )
        operate("release", customer, reservation_id=released.reservation_id)
        for one in (committed, reversed):
            operate("commit", customer, reservation_id=one.reservation_id)
        operate("reverse", customer, reservation_id=reversed.reservation_id)
        for state, one in {
            "held": held,
            "released": released,
            "committed": committed,
            "reversed": reversed,
            "expired": expired,
        }.items():
            assert listed(get(browser, state=state)) == [id_of(one)], state

    def test_days(self, browser, customer):
        one = debit(customer)
        today = selectors.now().date()
        assert listed(get(browser, **{"from": today, "to": today})) == [id_of(one)]
        before = today - timedelta(days=3)
        page = get(browser, **{"from": before, "to": before})
        assert listed(page) == [] and 'id="newest"' not in page.content.decode()

    def test_pages_lose_nothing_while_calls_come(self, browser, customer):
        made = [id_of(debit(customer)) for _ in range(120)][::-1]
        page, seen = get(browser), []
        for _ in range(3):
            seen += listed(page)
            debit(customer)
            older = re.search(r"below=([0-9a-f]{32})", page.content.decode())
            page = get(browser, below=older[1]) if older else page
        assert seen == made

    @pytest.mark.parametrize("budget", [0, 9])
    def test_what_is_rare_is_found_by_steps(self, browser, customer, monkeypatch, budget):
        """However little one request looks through."""
        monkeypatch.setattr(call_stretches, "BUDGET_SECONDS", budget)
        monkeypatch.setattr(call_stretches, "_PIECES", (3,))
        monkeypatch.setattr(call_stretches, "_PIECE", 7)
        first = debit(customer, outcome="timeout")
        for _ in range(40):
            debit(customer)
        page, found, steps = get(browser, outcome="timeout"), [], 0
        while on := re.search(r'hx-get="(/portal/calls/more/[^"]+)', page.content.decode()):
            assert "Searched back to" in page.content.decode()
            page, steps = browser.get(on[1].replace("&amp;", "&")), steps + 1
            found += listed(page)
        assert (found or listed(page)) == [id_of(first)]
        assert steps == (0 if budget else 13)

    def test_without_a_script_a_link_goes_on(self, browser, customer, monkeypatch):
        monkeypatch.setattr(call_stretches, "_PIECES", (2,))
        monkeypatch.setattr(call_stretches, "_PIECE", 2)
        monkeypatch.setattr(call_stretches, "BUDGET_SECONDS", 0)
        first = debit(customer, outcome="timeout")
        debit(customer), debit(customer)
        text = get(browser, outcome="timeout").content.decode()
        (link,) = re.findall(r'href="([^"]+)">Search older calls', text)
        assert listed(browser.get(link.replace("&amp;", "&"))) == [id_of(first)]


class TestNew:
    def ask(self, browser, customer, page, **query):
        told = dict(re.findall(r"(above|open)=([0-9a-f,]*)", page))
        return browser.get(reverse("new-calls"), {"of": customer.id, **told, **query})

    def test_nothing_comes_while_nothing_is_new(self, browser, customer):
        debit(customer)
        page = get(browser).content.decode()
        assert self.ask(browser, customer, page).status_code == 204

    def test_new_ones_come_once(self, browser, customer):
        debit(customer)
        page = get(browser).content.decode()
        made = [debit(customer) for _ in range(2)]
        answer = self.ask(browser, customer, page)
        assert listed(answer) == [id_of(one) for one in made[::-1]]
        assert self.ask(browser, customer, answer.content.decode()).status_code == 204

    def test_one_that_was_open_is_shown_as_it_ended(self, browser, customer):
        hold = operate("reserve", customer, amount=CREDIT)
        page = get(browser).content.decode()
        assert self.ask(browser, customer, page).status_code == 204
        operate("commit", customer, reservation_id=hold.reservation_id)
        answer = self.ask(browser, customer, page)
        text = answer.content.decode()
        assert listed(answer) == [id_of(hold)] and "Committed" in text and "hx-swap-oob" in text
        assert self.ask(browser, customer, text).status_code == 204

    def test_filters_hold(self, browser, customer):
        debit(customer)
        page = get(browser, outcome="timeout").content.decode()
        debit(customer)
        assert self.ask(browser, customer, page, outcome="timeout").status_code == 204
        late = debit(customer, outcome="timeout")
        answer = self.ask(browser, customer, page, outcome="timeout")
        assert listed(answer) == [id_of(late)]

    def test_the_first_one_ever_loads_the_page(self, browser, customer):
        page = get(browser).content.decode()
        assert self.ask(browser, customer, page, empty=1).status_code == 204
        debit(customer)
        assert self.ask(browser, customer, page, empty=1)["HX-Refresh"] == "true"

    def test_a_flood_loads_the_page_anew(self, browser, customer):
        debit(customer)
        page = get(browser).content.decode()
        for _ in range(50):
            debit(customer)
        assert self.ask(browser, customer, page)["HX-Refresh"] == "true"

    def test_a_page_of_another_company_is_loaded_anew(self, browser, customer):
        other = CustomerFactory()
        for part in ("new-calls", "more-calls"):
            answer = browser.get(reverse(part), {"of": other.id})
            assert answer["HX-Refresh"] == "true"


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_calls(customer, role):
    one = debit(customer)
    browser = browser_of(MemberFactory(customer=customer, role=role))
    assert listed(get(browser)) == [id_of(one)]
    assert browser.get(reverse("call", args=[name_of(one)])).status_code == 200
