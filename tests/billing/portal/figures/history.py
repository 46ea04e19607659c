"""Histories by chance: what may happen to several companies' credits, in any order."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from accounts.models import Customer, Member
from billing.models import Payment
from billing.plans import running, subscribing
from ledger import limits, services
from ledger.amounts import CREDIT
from ledger.errors import Refused
from ledger.limits import Limit
from ledger.operations import Result
from ledger.prices import rate_cards
from ledger.prices.pricing import OUTCOMES
from tests.billing.plans.world import new_plan
from tests.factories.accounts import ApiKeyFactory, MemberFactory
from tests.factories.billing import (
    bought,
    dispute_fact,
    new_pack,
    refund_fact,
    say,
)
from tests.factories.ledger import Book, Clock

HOUR: Final = 3600
_NEVER_REACHED: Final = 10**9 * CREDIT


@dataclass
class Company:
    member: Member
    keys: list[Any]
    book: Book
    holds: list[Result] = field(default_factory=list)
    spent: list[Result] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    disputed: list[Payment] = field(default_factory=list)

    @classmethod
    def new(cls) -> "Company":
        member = MemberFactory()
        customer = member.customer
        keys = [ApiKeyFactory(customer=customer, name=f"key {n}").key.id for n in range(2)]
        return cls(member, [None, *keys], Book(customer.id))

    @property
    def customer(self) -> Customer:
        return self.member.customer


class History:
    """By a seed, which makes it the same history again."""

    def __init__(self, seed: int, companies: int = 3) -> None:
        self.random = Random(seed)
        self.clock = Clock()
        self.prices = [None, *_prices(seed)]
        self.companies = [Company.new() for _ in range(companies)]
        self.done: dict[str, int] = {}
        for company in self.companies:
            self._begin(company)

    def play(self, steps: int) -> None:
        acts, weights = zip(*self._acts().items(), strict=True)
        for _ in range(steps):
            act = self.random.choices(acts, weights)[0]
            try:
                act(self.random.choice(self.companies))
            except Refused:
                continue
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    def _acts(self) -> dict[Callable[[Company], None], int]:
        return {
            self.grant: 5,
            self.buy: 4,
            self.hold: 14,
            self.settle: 9,
            self.debit: 9,
            self.reverse: 5,
            self.refund: 3,
            self.dispute: 2,
            self.decide: 2,
            self.void: 2,
            self.wait: 3,
        }

    def _begin(self, company: Company) -> None:
        """With a plan that gives credits, and caps that count and never refuse."""
        services.grant(company.customer.id, amount=self._amount(500), kind="promo")
        if self.random.random() < 0.7:
            plan = new_plan(included_credits=self.random.randint(1, 300))
            subscribing.start(company.customer, plan, card=None, by=company.member.user)
            running.run()
        caps = [
            Limit("customer", "spend", period=period, hard=_NEVER_REACHED)
            for period in ("day", "month", "lifetime")
        ]
        caps.append(Limit("key", "spend", company.keys[1], period="month", hard=_NEVER_REACHED))
        caps.append(Limit("customer", "holds", hard=10**6))
        limits.set_limits(company.customer.id, "provider", caps)

    def grant(self, company: Company) -> None:
        ends = self.random.choice([None, None, *range(1, 20)])
        services.grant(
            company.customer.id,
            amount=self._amount(200),
            kind=self.random.choice(["promo", "goodwill", "adjustment"]),
            priority=self.random.choice([50, 100, 100]),
            expires_at=ends and self.clock.after(ends * 24 * HOUR),
            reason="By chance",
        )

    def buy(self, company: Company) -> None:
        credits = self.random.randint(1, 400)
        more = {"bonus_validity_days": 20} if self.random.random() < 0.5 else {}
        pack = new_pack(
            credits, f"{credits / 10:.2f}", bonus=self.random.choice([0, 0, 7, 33]), **more
        )
        company.payments.append(bought(company.customer, pack))

    def hold(self, company: Company) -> None:
        company.holds.append(
            self._ok(company.book.reserve(self._amount(60), **self._call(company)))
        )

    def debit(self, company: Company) -> None:
        made = self._ok(company.book.debit(self._amount(60), **self._call(company)))
        # Its call is called as its transaction.
        made.reservation_id = made.transaction_id
        company.spent.append(made)

    def settle(self, company: Company) -> None:
        if not company.holds:
            return
        hold = company.holds.pop(self.random.randrange(len(company.holds)))
        how = self.random.choice(["whole", "less", "part", "release", "nothing"])
        asked = hold.amount or 0
        if how == "release":
            company.book.release(hold)
        elif how == "part":
            if company.book.commit(hold, self.random.randint(0, asked), final=False).ok:
                company.holds.append(hold)
        else:
            amount = {"whole": None, "less": self.random.randint(0, asked), "nothing": 0}[how]
            told = {"outcome": self.random.choice(list(OUTCOMES))}
            if company.book.commit(hold, amount, **told).ok:
                company.spent.append(hold)

    def reverse(self, company: Company) -> None:
        if company.spent:
            spent = self.random.choice(company.spent)
            company.book.reverse(spent, self.random.choice([None, 1, 1_234_567]))

    def refund(self, company: Company) -> None:
        if company.payments:
            payment = self.random.choice(company.payments)
            amount = self.random.randint(1, payment.amount)
            say(refund_fact(payment, f"refund {self.random.random()}", amount))

    def dispute(self, company: Company) -> None:
        if company.payments:
            payment = company.payments.pop()
            say(dispute_fact(payment, "open"))
            company.disputed.append(payment)

    def decide(self, company: Company) -> None:
        if company.disputed:
            say(dispute_fact(company.disputed.pop(), self.random.choice(["won", "lost"])))

    def void(self, company: Company) -> None:
        services.adjust(company.customer.id, amount=self._amount(20), cause="void", reason="Error")

    def wait(self, company: Company) -> None:
        """Holds and lots expire."""
        self.clock.forward(self.random.choice([60, HOUR, 30 * HOUR]))

    def _call(self, company: Company) -> dict[str, Any]:
        return {
            "price_id": self.random.choice(self.prices),
            "api_key_id": self.random.choice(company.keys),
        }

    def _amount(self, most: int) -> int:
        """Whole credits as often as odd micro-credits."""
        if self.random.random() < 0.5:
            return self.random.randint(1, most) * CREDIT
        return self.random.randint(1, most * CREDIT)

    def _ok(self, result: Result) -> Result:
        if not result.ok:
            raise Refused(result)
        return result


def _prices(seed: int) -> list[int]:
    card = rate_cards.create_card(name=f"by chance {seed}", effective_at=Clock().now())
    return [
        rate_cards.set_price(
            card,
            rate_cards.create_endpoint(code=f"by-chance-{seed}-{n}", name=f"By chance {n}"),
            per_call=CREDIT,
        ).id
        for n in range(2)
    ]
