import json
import secrets
from datetime import timedelta
from typing import TypedDict

from django.db import transaction
from django.utils import timezone

from accounts import ids, selectors, services
from accounts.models import Customer, Member, Role, Scope, Service, User
from config.demo import catalogue
from config.demo.catalogue import CREDIT
from config.state import State
from ledger.services import grant

FILE = "demo.json"
CUSTOMERS = ("Adventure Works", "Contoso", "Fabrikam")


class Person(TypedDict):
    email: str
    password: str


class DemoCustomer(Person):
    id: str
    api_key: str


class Demo(TypedDict):
    base_url: str
    service_key: str
    admin: Person
    customers: list[DemoCustomer]


def load(state: State, base_url: str) -> Demo:
    """The demo company as this state folder knows it, made where the database lacks it."""
    demo = _read(state) or _create(base_url)
    demo["base_url"] = base_url
    state.write(FILE, json.dumps(demo, indent=2) + "\n")
    return demo


def _read(state: State) -> Demo | None:
    try:
        demo: Demo = json.loads((state.path / FILE).read_text())
    except FileNotFoundError:
        return None
    # The file may be older than the database that is used now.
    return demo if selectors.service_key(demo["service_key"]) else None


@transaction.atomic
def _create(base_url: str) -> Demo:
    catalogue.publish()
    admin = _person("admin@northwind.example", is_admin=True)
    service, _ = Service.objects.get_or_create(name="Northwind AI")
    secret = services.create_service_key(service=service, scopes=list(Scope), name="demo").secret
    customers = [_customer(name) for name in CUSTOMERS]
    return Demo(base_url=base_url, service_key=secret, admin=admin, customers=customers)


def _customer(name: str) -> DemoCustomer:
    domain = name.lower().replace(" ", "-") + ".example"
    person = _person(f"owner@{domain}")
    customer = Customer.objects.filter(external_id=domain).first()
    if customer is None:
        customer = services.create_customer(name=name, email=person["email"], external_id=domain)
        _give_credits(customer)
    Member.objects.get_or_create(
        customer=customer,
        user=User.objects.get(email=person["email"]),
        defaults={"role": Role.OWNER},
    )
    api_key = services.create_api_key(customer=customer, name="demo").secret
    return DemoCustomer(id=ids.encode("cus", customer.id), api_key=api_key, **person)


def _give_credits(customer: Customer) -> None:
    """A pack of 5,000 for USD 25, and a present."""
    in_a_year, in_a_month = (timezone.now() + timedelta(days=days) for days in (365, 30))
    grant(
        customer.id,
        amount=5000 * CREDIT,
        kind="paid",
        price=25_00,
        currency="USD",
        expires_at=in_a_year,
    )
    grant(customer.id, amount=100 * CREDIT, kind="promo", expires_at=in_a_month, reason="Welcome")


def _person(email: str, *, is_admin: bool = False) -> Person:
    """With a new password in any case: nobody knows the old one where the file was lost."""
    password = secrets.token_urlsafe(9)
    user = User.objects.filter(email=email).first() or services.create_user(email=email)
    user.is_staff = user.is_superuser = is_admin
    user.set_password(password)
    user.save()
    return Person(email=email, password=password)
