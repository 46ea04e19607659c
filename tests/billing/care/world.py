"""A customer of whom every table that can know something of it knows it. `MARK` stands in whatever
is a person's, and `ADDRESS` is from where it came."""

from typing import Any, Final

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts import audit, members
from accounts.acting import acting
from accounts.ids import uuid7
from accounts.models import Customer, CustomerStatus, IdempotentReply, KeyAddress, Role, User, Via
from accounts.services import create_api_key, create_customer, update_customer
from billing import notes, refunds
from billing.adjustments import drafts, proposing
from billing.models import (
    AccountClosing,
    AlertSettings,
    BillingProfile,
    CardBreaker,
    ExpiryNotice,
    Mail,
    MailState,
    Modification,
    Payment,
    PaymentMethod,
    ProviderCustomer,
    ProviderEvent,
    Purchase,
    TopUp,
    WebhookAttempt,
    WebhookDelivery,
)
from billing.webhooks_out import endpoints
from ledger import sandboxes, services
from ledger.amounts import CREDIT
from ledger.models import Lot, RateCard, RefusedEvent
from ledger.operations import Operation
from tests.billing.care.files import entered, person
from tests.factories import billing
from tests.factories.accounts import MemberFactory, ServiceFactory, UserFactory

MARK: Final = "zanzibar"
ADDRESS: Final = "203.0.113.77"
EMAIL: Final = f"jane@{MARK}.example"


class World:
    """`customer` bought, used, was refunded and told; `jane` is its only person of its own, and
    `joe` belongs to another customer too."""

    def __init__(self) -> None:
        self.customer = create_customer(
            name=f"{MARK} Ltd",
            email=EMAIL,
            external_id=f"{MARK}-1",
            metadata={"who": f"{MARK} Jane"},
        )
        self.jane = UserFactory(email=EMAIL, name=f"Jane {MARK}")
        self.joe = UserFactory(email="joe@elsewhere.example", name="Joe")
        self.other = MemberFactory(user=self.joe).customer
        # Whoever got their account from somebody is no second person for a day.
        self.two = person(), person()
        MemberFactory(user=self.jane, customer=self.customer)
        MemberFactory(user=self.joe, customer=self.customer, role=Role.VIEWER)
        with acting(person=self.jane.id, via=Via.PORTAL, address=ADDRESS, request_id=f"req-{MARK}"):
            self._people()
            self._keys()
            self._bought()
            self._used()
            self._told()
            self._staff()
        self._written_of()

    def close(self) -> None:
        """What is left is forfeited."""
        left = services.refresh(self.customer.id).available or 0
        if left:
            services.adjust(self.customer.id, amount=left, cause="forfeit")
        update_customer(self.customer, status=CustomerStatus.CLOSED)

    def _written_of(self) -> None:
        """By staff, who look after it."""
        clerk = User.objects.create_superuser(f"clerk-{uuid7().hex}@provider.example")
        notes.add(uuid7(), customer=self.customer, by=clerk, text=f"Called {MARK}", pinned=False)
        for customer, receiver in ((self.customer, None), (self.other, self.customer)):
            services.grant(customer.id, amount=10 * CREDIT, kind="promo")
            kind, reason = ("move", "merged") if receiver else ("add", "too-few-issued")
            said = {"reason": reason, "note": f"{MARK} wrote", "by": clerk, "credits": CREDIT}
            draft = drafts.draft(customer, kind, receiver=receiver, **said)
            asked = proposing.propose(draft)
            assert asked.state == "applied", asked.waits_for
        AccountClosing.objects.create(
            customer=self.customer,
            policy="refund",
            state="declined",
            reason=f"{MARK} asked",
            told=MARK,
            asked_by=clerk,
            asked_at=timezone.now(),
            decided_at=timezone.now(),
        )

    def _people(self) -> None:
        members.invite(
            customer=self.customer, email=f"new@{MARK}.example", role=Role.VIEWER, by=self.jane
        )
        EmailAddress.objects.filter(user=self.jane).delete()
        address = EmailAddress.objects.create(user=self.jane, email=EMAIL, primary=True)
        EmailConfirmation.objects.create(email_address=address, key=MARK)
        Authenticator.objects.create(user=self.jane, type="totp", data={"secret": MARK})
        session = SessionStore()
        session["name"] = MARK
        session.create()
        UserSession.objects.create(
            user=self.jane, ip=ADDRESS, session_key=session.session_key, user_agent=MARK
        )
        self.session_key = session.session_key

    def _keys(self) -> None:
        made = create_api_key(
            customer=self.customer, name=f"{MARK} laptop", networks=[f"{ADDRESS}/32"]
        )
        self.key = made.key
        KeyAddress.objects.create(key=self.key, address=ADDRESS, hour=timezone.now())
        IdempotentReply.objects.create(
            customer=self.customer,
            service=ServiceFactory(),
            key=MARK,
            request_hash=1,
            status=200,
            body=f'{{"name": "{MARK}"}}'.encode(),
        )
        update_customer(self.customer, name=f"{MARK} Limited")
        self.sandbox = sandboxes.opened(self.customer)

    def _bought(self) -> None:
        BillingProfile.objects.create(
            customer=self.customer,
            name=f"{MARK} Ltd",
            email=EMAIL,
            line1=f"{MARK} street 1",
            line2=MARK,
            postal_code="1010",
            city=MARK,
            country="AT",
            tax_id=MARK,
        )
        pack = billing.new_pack(name=f"Offer for {MARK}", customer=self.customer)
        purchase = billing.sold_by_the_test_provider(self.customer, pack)
        self.payment = Payment.objects.get(purchase=purchase)
        refunds.request(
            purchase, 100 * CREDIT, by=None, reason=f"{MARK} asked for it", as_staff=True
        )
        Purchase.objects.update(checkout_url=f"https://pay.example/{MARK}")
        self.card = PaymentMethod.objects.create(
            customer=self.customer,
            provider="test",
            ref=f"card_{MARK}",
            customer_ref=f"cu_{MARK}",
            brand=MARK,
            last4="4242",
        )
        ProviderCustomer.objects.update_or_create(
            customer=self.customer, provider="test", defaults={"ref": f"cu_{MARK}"}
        )
        CardBreaker.objects.create(card=self.card, reason=MARK)
        payload = {"customer": f"cu_{MARK}", "email": EMAIL}
        ProviderEvent.objects.create(
            provider="test", event_id="e1", kind="customer", payload=payload, reason=MARK
        )
        ProviderEvent.objects.create(
            provider="test",
            event_id="e2",
            kind="paid",
            payment_ref=self.payment.provider_ref,
            payload={"name": MARK},
        )
        TopUp.objects.create(
            customer=self.customer,
            purchase=self.payment.purchase,
            card=self.card,
            state="failed",
            reason=MARK,
            finished_at=timezone.now(),
        )
        entered(f"{MARK[:3]}-1,,{MARK}-1,,,promo,5,,,,", by=self.two)

    def _used(self) -> None:
        used = Operation(
            op="debit",
            customer_id=self.customer.id,
            amount=4 * CREDIT,
            api_key_id=self.key.id,
            request_id=f"req-{MARK}",
            address=ADDRESS,
            metadata={"user": MARK},
        )
        assert services.apply_one(used).ok
        services.grant(
            self.customer.id, amount=CREDIT, kind="goodwill", reason=f"For Jane of {MARK}"
        )
        operation = {"op": "debit", "metadata": {"user": MARK}, "address": ADDRESS}
        RefusedEvent.objects.create(
            customer=self.customer,
            key=uuid7(),
            service_id=1,
            source=f"/{MARK}",
            event_id=MARK,
            endpoint="classify",
            happened_at=timezone.now(),
            event={"user": MARK},
            operation=operation,
            reason="insufficient-credits",
            required=CREDIT,
            available=0,
        )
        RateCard.objects.create(
            name=f"Prices of {MARK}", customer=self.customer, effective_at=timezone.now()
        )

    def _told(self) -> None:
        now = timezone.now()
        mail = Mail.objects.create(
            customer=self.customer,
            kind="expiry",
            about="1",
            to=[EMAIL],
            subject=f"Hello {MARK}",
            text=MARK,
            html=MARK,
            state=MailState.DUE,
            error=MARK,
        )
        Mail.objects.create(kind="welcome", about="1", to=[EMAIL], subject="Hi", text="", html="")
        lot = Lot.objects.filter(customer=self.customer).first()
        notice: dict[str, Any] = {"lot_id": lot.pk, "expires_at": now, "days": 7, "amount": CREDIT}
        ExpiryNotice.objects.create(customer=self.customer, recipients=[EMAIL], mail=mail, **notice)
        AlertSettings.objects.create(customer=self.customer, extra_recipients=[EMAIL])
        made = endpoints.add(
            uuid7(), customer=self.customer, url=f"https://1.1.1.1/{MARK}", description=MARK
        )
        delivery = WebhookDelivery.objects.create(
            endpoint=made.endpoint, event_id=uuid7(), kind="key.created", body=MARK
        )
        WebhookAttempt.objects.create(
            delivery=delivery,
            request_headers={"x": MARK},
            response_headers={},
            response_body=MARK,
            seconds=1,
        )
        Modification.objects.create(customer=self.customer, lot_id=lot.pk, reason=MARK, made_at=now)

    def _staff(self) -> None:
        """What Django's forms, and acts that are no rows, leave behind."""
        boss = User.objects.create_superuser("boss@provider.example")
        LogEntry.objects.create(
            user=boss,
            content_type=ContentType.objects.get_for_model(Customer),
            object_id=str(self.customer.id),
            object_repr=f"{MARK} Ltd",
            action_flag=2,
            change_message=MARK,
        )
        audit.record(
            "customer.praised",
            self.customer,
            customer_id=self.customer.id,
            before={"name": MARK},
            after={"name": [MARK]},
        )
