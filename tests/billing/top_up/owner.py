"""A customer with an automatic top-up, and what happens to it. Credits are whole ones here."""

from dataclasses import dataclass
from typing import Any, Self

from accounts.models import Customer, Member, Role
from billing import selectors, tasks
from billing.models import (
    Mail,
    Pack,
    PaymentMethod,
    Purchase,
    SandboxCheckout,
    TopUp,
    TopUpSettings,
)
from billing.providers.sandbox import acts
from billing.reconciliation import reconcile
from billing.relay import relay
from billing.top_up import agreeing, running
from billing.top_up.agreeing import Terms
from ledger import selectors as ledger
from ledger.amounts import CREDIT
from ledger.models import Event
from tests.factories import billing
from tests.factories.accounts import MemberFactory
from tests.factories.ledger import Book

assert tasks.top_up.name == "top_ups"


def save_card(customer: Customer, pack: Pack, last4: str = "4242") -> PaymentMethod:
    """A pack is bought with it."""
    purchase = billing.order(customer, pack)
    acts.pay(purchase.provider_ref or "", save_card=True, card=last4)
    reconcile()
    return selectors.payment_methods_of(customer).get(last4=last4)


@dataclass
class Owner:
    member: Member
    pack: Pack
    card: PaymentMethod
    book: Book

    @classmethod
    def new(cls, pack: Pack, last4: str = "4242", *, name: str = "Acme", **terms: Any) -> Self:
        member = MemberFactory(role=Role.OWNER, customer__name=name)
        card = save_card(member.customer, pack, last4)
        owner = cls(member, pack, card, Book(member.customer_id))
        owner.agree(**terms)
        return owner

    @property
    def customer(self) -> Customer:
        return self.member.customer

    def agree(self, **changes: Any) -> TopUpSettings:
        """Threshold, target and cap are whole credits and whole dollars."""
        said = {"threshold": 200, "target": 1000, "cap": 1000, "card": self.card} | changes
        terms = Terms(
            pack=said.pop("pack", self.pack),
            currency=said.pop("currency", "USD"),
            threshold=said.pop("threshold") * CREDIT,
            target=said.pop("target") * CREDIT,
            cap=said.pop("cap") * 100,
            **said,
        )
        return agreeing.agree(self.customer, terms, by=self.member.user)

    @property
    def settings(self) -> TopUpSettings:
        return TopUpSettings.objects.get(customer=self.customer)

    def spend_to(self, left: int) -> None:
        """So that so many credits are left."""
        surplus = ledger.balance(self.customer.id).available - left * CREDIT
        assert self.book.debit(surplus).ok

    def run(self) -> None:
        """What the relay and the task do."""
        relay()
        running.run()

    def available(self) -> int:
        return ledger.balance(self.customer.id).available // CREDIT

    def top_ups(self) -> list[TopUp]:
        return list(TopUp.objects.filter(customer=self.customer).order_by("id"))

    def states(self) -> list[str]:
        return [one.state for one in self.top_ups()]

    def last_purchase(self) -> Purchase:
        return Purchase.objects.filter(customer=self.customer).latest("created_at", "id")

    def charged(self) -> int:
        """Minor units that left the card at the provider, but for the purchase that saved it."""
        paid = SandboxCheckout.objects.filter(
            customer_ref=self.card.customer_ref, state="paid", saves_card=False
        )
        return sum(paid.values_list("amount", flat=True))

    def mails(self) -> list[str]:
        """Of what went wrong."""
        found = Mail.objects.filter(customer=self.customer, kind__startswith="top_up")
        found = found.exclude(kind="top_up_succeeded")
        return list(found.order_by("id").values_list("kind", flat=True))

    def told(self) -> list[str]:
        """Events of ours."""
        found = Event.objects.filter(customer=self.customer.id, kind__startswith="top_up")
        kinds = found.order_by("id").values_list("kind", flat=True)
        return [kind for kind in kinds if kind != "top_up.needed"]
