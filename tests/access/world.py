"""A company with one of everything that a page is about, and all kinds of people around it."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import members
from accounts.ids import uuid7
from accounts.models import ApiKey, Customer, Invitation, Member, Role, User
from billing import alerts, refunds
from billing.models import (
    AlertSettings,
    AlertThreshold,
    BillingProfile,
    DeliveryState,
    Invoice,
    Mail,
    Pack,
    PaymentMethod,
    Plan,
    Purchase,
    Refund,
    Subscription,
    TopUpSettings,
    WebhookDelivery,
    WebhookEndpoint,
)
from billing.plans import subscribing
from billing.top_up import agreeing, standing
from billing.top_up.agreeing import Terms
from billing.webhooks_out import endpoints, resending
from ledger import limits
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.limits import Limit
from ledger.models import Lot
from tests.accounts.people import PASSWORD, browser_of
from tests.billing.plans.world import new_plan
from tests.factories.accounts import ApiKeyFactory, CustomerFactory, MemberFactory
from tests.factories.billing import new_pack, sold_by_the_test_provider
from tests.factories.ledger import Book

PEOPLE = (
    "owner",
    "billing",
    "developer",
    "viewer",
    "stranger",  # an owner of another company
    "forger",  # the same, in whose forms this company is named
    "staff",  # of no company
    "nobody",  # who is not signed in
)

OUTSIDE = PEOPLE[4:]

# Public, and no name that would have to be looked up.
HOOK = "https://1.1.1.1/hook"


class Answer(NamedTuple):
    """What one gets, and whether something of the company is another than before."""

    response: HttpResponse
    changed: bool


@dataclass
class World:
    acme: Customer
    token: str
    invitation: Invitation
    colleague: Member
    key: ApiKey
    pack: Pack
    purchase: Purchase
    card: PaymentMethod
    plan: Plan
    invoice: Invoice
    threshold: AlertThreshold
    hook: WebhookDelivery
    call: str
    browsers: dict[str, Client]
    before: list[Any] = field(default_factory=list)

    @classmethod
    def new(cls) -> Self:
        acme = CustomerFactory(name="Acme")
        known = {"user__password": PASSWORD}
        places = {role: MemberFactory(customer=acme, role=role, **known) for role in Role}
        stranger = MemberFactory(**known)
        invited = members.invite(
            customer=acme, email="new@acme.example", role=Role.VIEWER, by=places[Role.OWNER].user
        )
        browsers = {role.value: browser_of(place) for role, place in places.items()}
        browsers |= {"stranger": browser_of(stranger), "forger": browser_of(stranger)}
        browsers["staff"] = browser_of(User.objects.create_superuser("boss@example.com", PASSWORD))
        browsers["nobody"] = Client()
        pack = new_pack()
        card = PaymentMethod.objects.create(customer=acme, provider="test", ref="card_1")
        terms = Terms(500 * CREDIT, 1000 * CREDIT, pack, "USD", 200_00, card)
        agreeing.agree(acme, terms, by=places[Role.OWNER].user)
        subscription = subscribing.start(acme, new_plan("own", fee=10_00), card=card)
        cap = Limit("customer", "spend", period="month", hard=CREDIT)
        limits.set_limits(acme.id, "customer", [cap])
        return cls(
            acme=acme,
            token=invited.token,
            invitation=invited.invitation,
            colleague=MemberFactory(customer=acme, role=Role.VIEWER),
            key=ApiKeyFactory(customer=acme, name="web").key,
            pack=pack,
            purchase=sold_by_the_test_provider(acme, pack),
            card=card,
            plan=new_plan("other", fee=20_00),
            invoice=subscription.invoices.get(),
            threshold=_threshold(acme),
            hook=_delivered_to(acme),
            call=_called(acme),
            browsers=browsers,
        )

    def path(self, name: str) -> str:
        """Of this company's own."""
        found = {
            "key_id": self.key.id,
            "member_id": self.colleague.id,
            "invitation_id": self.invitation.id,
            "purchase_id": self.purchase.id,
            "card_id": self.card.id,
            "plan_id": self.plan.id,
            "invoice_id": self.invoice.id,
            "threshold_id": self.threshold.id,
            "endpoint_id": self.hook.endpoint_id,
            "delivery_id": self.hook.id,
            "call_id": self.call,
            "lot_id": Lot.objects.filter(customer=self.acme).values_list("id", flat=True)[0],
            "token": self.token,
            "key": "mailed-to-nobody",
            "uidb36": "0",
            "name": self.purchase.documents.get().name,
        }
        wanted = URLS[name]
        return reverse(name, kwargs={part: found[part] for part in wanted})

    def form(self, name: str) -> dict[str, Any]:
        """What the page's own form would send: nobody is refused for anything else."""
        forms: dict[str, dict[str, Any]] = {
            "account": {"name": "Ann"},
            "switch-company": {"customer": self.acme.id},
            "keys": {"name": "batch", "key": uuid7()},
            "start": {"name": "batch", "key": uuid7()},
            "edit-key": {"name": "batch"},
            "rotate-key": {"overlap": 24, "key": uuid7()},
            "company-settings": {"time_zone": "Europe/Vienna"},
            "refill-sandbox": {"amount": "5"},
            "move-sandbox-clock": {"hours": "1"},
            "invite": {"email": "other@acme.example", "role": "owner"},
            "change-role": {"role": "owner"},
            "buy": {"pack": self.pack.code, "currency": "USD", "key": uuid7()},
            "alerts": {"cool_down_hours": 12},
            "add-threshold": {"amount": "7", "basis": "days"},
            "change-threshold": {"amount": "5", "basis": "days"},
            "set-limit": {"whose": "customer:", "period": "day", "hard": "7"},
            "remove-limit": {"limit": "customer::month"},
            "plan-choose": {"when": "later"},
            "plan-card": {"card": self.card.id},
            "webhooks": {"url": HOOK, "key": uuid7()},
            "edit-webhook": {"url": HOOK, "types": ["key.created"]},
            "resend-range": {
                "since": "2020-01-01T00:00",
                "until": "2100-01-01T00:00",
                "every": "on",
            },
            "billing-profile": {"name": "Acme Ltd", "country": "AT"},
        }
        if name == "refund":
            return self._refund()
        return self._top_up() if name == "top-up" else forms.get(name, {})

    def _top_up(self) -> dict[str, Any]:
        terms = Terms(400 * CREDIT, 900 * CREDIT, self.pack, "USD", 300_00, self.card)
        proposed = agreeing.proposed(self.acme, terms, by=None)
        return {
            **{"threshold": "400", "target": "900", "cap": "300", "card": self.card.id},
            "pack": f"{self.pack.code} USD",
            "seen": standing.proposal(proposed),
            "agreed": "on",
        }

    def _refund(self) -> dict[str, Any]:
        quote = refunds.quote(self.purchase, None)
        seen = f"all.{quote.credits}.{quote.amount}"
        return {"how": "whole", "seen": seen, "key": uuid7(), "reason": ""}

    def ask(self, name: str, method: str, who: str) -> Answer:
        """After which all is as it was before."""
        path, browser = self.path(name), self._browser(who)
        self.before = self.before or self.state()
        form = self.form(name) | ({"customer": self.acme.id} if who == "forger" else {})
        with transaction.atomic():
            query = {"of": self.acme.id} if method == "get" else form
            response = getattr(browser, method)(path, query)
            changed = self.state() != self.before
            transaction.set_rollback(True)
        return Answer(response, changed)

    def secrets(self) -> list[str]:
        """By which one would know something of the company."""
        document = self.purchase.documents.get()
        people = [self.colleague.user.email, self.invitation.email]
        secrets = [*people, self.key.prefix, document.name, self.hook.endpoint.description]
        return [*secrets, "req-acme-only"]

    def _browser(self, who: str) -> Client:
        """As it was at first, even where the page before has signed it out."""
        browser = Client()
        browser.cookies = deepcopy(self.browsers[who].cookies)
        return browser

    def state(self) -> list[Any]:
        """All that people could change of this company."""
        kept = [
            AlertSettings,
            ApiKey,
            BillingProfile,
            Invitation,
            Invoice,
            Mail,
            Member,
            PaymentMethod,
            Purchase,
            Subscription,
            TopUpSettings,
            WebhookEndpoint,
        ]
        rows = [
            list(model.objects.filter(customer=self.acme).order_by("pk").values()) for model in kept
        ]
        rows.append(list(AlertThreshold.objects.filter(settings=self.acme.id).values()))
        refunded = Refund.objects.filter(payment__purchase__customer=self.acme)
        hooked = WebhookDelivery.objects.filter(endpoint__customer=self.acme).order_by("id")
        rows += [list(refunded.values()), list(hooked.values())]
        rows.append(list(Customer.objects.filter(id=self.acme.id).values("time_zone")))
        rows.append(list(Customer.objects.filter(sandbox_of=self.acme).values("status")))
        rows.append(list(limits.given(self.acme.id, "customer")))
        people = User.objects.filter(memberships__customer=self.acme).order_by("id")
        return [*rows, list(people.values("id", "email", "name"))]


def _delivered_to(acme: Customer) -> WebhookDelivery:
    made = endpoints.add(uuid7(), customer=acme, url=HOOK, description="acme's own")
    assert made is not None
    delivery = resending.send_test(made.endpoint)
    WebhookDelivery.objects.update(state=DeliveryState.DELIVERED)
    return delivery


def _called(acme: Customer) -> str:
    done = Book(acme.id).debit(CREDIT, request_id="req-acme-only")
    assert done.reservation_id is not None
    return str(ReservationId(acme.id, done.reservation_id, 0))


def _threshold(company: Customer) -> AlertThreshold:
    return alerts.settings_of(company.id).thresholds.get(value=80)


def _urls() -> dict[str, list[str]]:
    """Every address below /portal/ and /accounts/: its name, and what it takes."""
    return dict(_below(get_resolver(), ""))


def _below(resolver: URLResolver, above: str) -> Iterator[tuple[str, list[str]]]:
    for pattern in resolver.url_patterns:
        route = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _below(pattern, route)
        elif isinstance(pattern, URLPattern) and re.match("(portal|accounts)/", route):
            # An address without a name could not be found in the table.
            yield pattern.name or route, list(pattern.pattern.regex.groupindex)


URLS = _urls()
