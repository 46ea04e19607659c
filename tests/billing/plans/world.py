"""Customers on plans, and time that passes. Credits are whole ones, money is minor units."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from accounts.models import Member, Role
from billing.books import revenue
from billing.models import (
    Invoice,
    Mail,
    PaymentMethod,
    Plan,
    SandboxCard,
    SandboxCheckout,
    Subscription,
)
from billing.plans import catalogue, earning, running, subscribing
from billing.relay import relay
from billing.top_up import running as top_ups
from ledger import selectors
from ledger.amounts import CREDIT
from ledger.models import Event
from tests.factories import billing
from tests.factories.accounts import MemberFactory
from tests.factories.dated import Calendar
from tests.factories.ledger import Book

CREDITS = (
    *("included_credits", "rollover_credits", "connection_credits", "credit_limit"),
    *("top_up_threshold", "top_up_target"),
)


def new_plan(code: str = "", **settings: Any) -> Plan:
    """On offer. Whole credits, minor units."""
    draft = draft_plan(code, **settings)
    return catalogue.publish(catalogue.save(draft))


def draft_plan(code: str = "", **settings: Any) -> Plan:
    scaled = {name: settings.pop(name) * CREDIT for name in CREDITS if name in settings}
    code = code or f"plan-{uuid4().hex[:12]}"
    return Plan(**{"code": code, "name": code.capitalize(), "currency": "USD"} | settings | scaled)


@dataclass
class Subscriber:
    """A company with a saved card, unless none is wanted."""

    member: Member
    card: PaymentMethod | None
    world: "World"

    @property
    def customer(self) -> Any:
        return self.member.customer

    @property
    def id(self) -> UUID:
        return self.member.customer_id

    @property
    def subscription(self) -> Subscription:
        return Subscription.objects.filter(customer=self.id).latest("started_at")

    def start(self, plan: Plan) -> Subscription:
        """And what is due is charged."""
        subscribing.start(self.customer, plan, card=self.card, by=self.member.user)
        running.run()
        return self.subscription

    def change(self, plan: Plan, *, at_once: bool = False) -> Subscription:
        subscribing.change(self.subscription, plan, at_once=at_once)
        running.run()
        return self.subscription

    def buys(self, credits: int = 1000, price: str = "100.00") -> UUID:
        """The lot."""
        pack = billing.new_pack(credits, price)
        (lot,) = billing.pay(billing.order(self.customer, pack)).lots
        return lot

    def uses(self, credits: int) -> None:
        result = self.try_to_use(credits)
        assert result.ok, result.code

    def try_to_use(self, credits: int) -> Any:
        return Book(self.id).debit(credits * CREDIT)

    def available(self) -> int:
        return selectors.balance(self.id).available // CREDIT

    def invoices(self) -> list[Invoice]:
        return list(Invoice.objects.filter(customer=self.id).order_by("id"))

    def totals(self) -> list[int]:
        return [invoice.total for invoice in self.invoices()]

    def states(self) -> list[str]:
        return [invoice.state for invoice in self.invoices()]

    def money(self) -> dict[str, int]:
        """What stands on each account, debits positive, when all that was used and all fees are
        revenue. The provider's own fees are left out."""
        revenue.recognise_all()
        earning.earn_all()
        found = billing.money(self.id)
        fees = found.pop("6100", 0)
        if fees:
            found["1000"] += fees
        return found

    def charged(self) -> int:
        """What left the card at the provider."""
        assert self.card is not None
        paid = SandboxCheckout.objects.filter(customer_ref=self.card.customer_ref, state="paid")
        return sum(paid.values_list("amount", flat=True))

    def told(self, *kinds: str) -> list[str]:
        found = Event.objects.filter(
            customer=self.id, kind__regex="^(subscription|invoice|keys)[.]"
        )
        return list(found.order_by("id").values_list("kind", flat=True))

    def mails(self) -> list[str]:
        found = Mail.objects.filter(customer=self.id, kind__startswith="plan")
        return list(found.order_by("id").values_list("kind", flat=True))


@dataclass
class World:
    calendar: Calendar
    subscribers: list[Subscriber] = field(default_factory=list)

    @property
    def customers(self) -> list[UUID]:
        return [one.id for one in self.subscribers]

    def subscriber(
        self, last4: str = "4242", *, has_card: bool = True, zone: str = "UTC", **more: Any
    ) -> Subscriber:
        member = MemberFactory(role=Role.OWNER)
        if zone != "UTC":
            member.customer.time_zone = zone
            member.customer.save(update_fields=["time_zone"])
        found = Subscriber(member, None, self)
        if has_card:
            found.card = self.card(found, last4)
        self.subscribers.append(found)
        return found

    def card(self, subscriber: Subscriber, last4: str = "4242") -> PaymentMethod:
        """As it is when one was bought with and kept."""
        customer_ref = f"tcu_{subscriber.id.hex}"
        ref = f"card_{last4}_{customer_ref}"
        SandboxCard.objects.get_or_create(
            ref=ref, defaults={"customer_ref": customer_ref, "last4": last4}
        )
        return PaymentMethod.objects.create(
            customer=subscriber.customer,
            provider="test",
            ref=ref,
            customer_ref=customer_ref,
            brand="test",
            last4=last4,
        )

    def go(self, year: int, month: int, day: int, hour: int = 12) -> None:
        """And whatever is done by itself is done."""
        self.calendar.go(date(year, month, day), hour)
        self.run()

    def run(self) -> None:
        running.run()
        relay()
        top_ups.run()
