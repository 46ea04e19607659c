"""Calls as the service makes them: priced in Python, decided by the core."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing.backtest import asking, running
from billing.backtest.results import by_endpoint, totals
from ledger import selectors
from ledger.models import Price
from ledger.prices import pricing, rate_cards
from tests.factories.ledger import Book

CREDIT = 1_000_000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def endpoint(code="classify", **billed):
    return rate_cards.create_endpoint(code=code, name=code.title(), **billed)


def card(name, lines, *, published=False, at=LONG_AGO, **whose):
    """`lines` are what `set_price` takes, by endpoint."""
    made = rate_cards.create_card(name=name, effective_at=at, **whose)
    for one, price in lines.items():
        rate_cards.set_price(made, one, **price)
    if published:
        rate_cards.publish(made)
    return made


@dataclass
class Caller:
    """A customer that calls endpoints of a card."""

    book: Book
    card: object

    @classmethod
    def new(cls, card, credits=1000, **lot):
        lot = {"kind": "paid", "price": 100_00, "currency": "USD"} | lot
        return cls(Book.funded(credits * CREDIT, **lot), card)

    @property
    def id(self):
        return self.book.customer_id

    def price(self, endpoint):
        line = Price.objects.select_related("endpoint", "rate_card")
        return selectors.priced(line.get(rate_card=self.card, endpoint=endpoint))

    def call_in_month(self, endpoint, quantity=None, outcome="success", *, used=None):
        """By a price that depends on the month, which the core decides."""
        price = self.price(endpoint)
        rule = {"rule": pricing.rule(price)}
        told = {"price_id": price.id, "quantities": pricing.quantities(price, quantity)}
        made = self.book.reserve(None, **told, **rule)
        assert made.code == "ok", made
        end = {"outcome": outcome}
        percent = pricing.percent(outcome, price)
        if used is not None:
            end |= rule | {"quantities": pricing.quantities(price, used)}
        if percent == 0:
            end |= {"amount": 0, "rule": None}
        elif percent != pricing.ALL:
            end["percent"] = percent
        ended = self.book.commit(made, **end)
        assert ended.code == "ok", ended

    def call(self, endpoint, quantity=None, outcome="success", *, used=None, **hold):
        """Reserved, and committed as it ended. The quantity may be another in the end."""
        price = self.price(endpoint)
        reserved = pricing.charge(price, quantity)
        fields = {"price_id": price.id, "quantities": reserved.quantities} | hold
        made = self.book.reserve(fields.pop("amount", reserved.amount), **fields)
        assert made.code == "ok", made
        end = {"outcome": outcome}
        if used is not None:
            charge = pricing.charge(price, used)
            end |= {"quantities": charge.quantities}
            reserved = charge
        percent = pricing.percent(outcome, price)
        if percent != pricing.ALL or used is not None:
            end["amount"] = pricing.share(reserved.amount, percent)
        ended = self.book.commit(made, **end)
        assert ended.code == "ok", ended
        return made


def answered(card, days=30, **how):
    asked = asking.ask(card, days=days, **how)
    asked.until += timedelta(minutes=1)
    asked.save()
    running.begin(asked)
    running.run_and_keep(asked)
    return asked


def change(card, **how):
    """Credits before and after, of all."""
    found = totals(answered(card, **how))
    return found.before / CREDIT, found.after / CREDIT


def endpoints(asked):
    return {one.name: (one.calls, one.before, one.after) for one in by_endpoint(asked)}
