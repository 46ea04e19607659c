"""Makes the demo company, with its customers and their past, where the database lacks it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypedDict

from django.db.models import Max
from django.utils import timezone

from accounts import ids, selectors, services
from accounts.models import ApiKey, Customer, Member, Role, Scope, Service, StaffRole, User
from config.demo import catalogue, packs
from config.demo.customers import PROFILES, Profile
from config.demo.history import clock
from config.demo.history.calendar import DAY, arrival
from config.demo.history.calls import Caller
from config.demo.history.player import Player
from config.demo.people import Person, person
from config.state import State
from ledger.models import Reservation

FILE = "demo.json"
# The same past at every first start, but for the days that it fell on.
SEED = 3
# Of the networks that are kept for documentation.
ADDRESS = "203.0.113.{}"


# The administrator beside them is there from the beginning.
STAFF = [role for role in StaffRole if role != StaffRole.ADMINISTRATOR]


class DemoCustomer(Person):
    id: str
    api_key: str


class Demo(TypedDict):
    base_url: str
    service_key: str
    admin: Person
    staff: list[Person]
    customers: list[DemoCustomer]


def load(state: State, base_url: str, *, history: timedelta) -> Demo:
    """The demo company as this state folder knows it, made where the database lacks it."""
    demo = _read(state)
    if demo is None:
        with clock.as_owner():
            demo = _create(timezone.now(), history)
            clock.sweep()
    # One from before there were roles has none of them.
    demo.setdefault("staff", [])
    if not demo["staff"]:
        demo["staff"] = [person(f"{role}@northwind.example", role=role) for role in STAFF]
    packs.put_on_sale()
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


def _create(now: datetime, history: timedelta) -> Demo:
    since = now - history
    with clock.moved_clock(since - DAY):
        # A day early, for prices are found by the database's clock, which may be behind ours.
        catalogue.publish(since - DAY)
        admin = person("admin@northwind.example", role=StaffRole.ADMINISTRATOR)
        service, _ = Service.objects.get_or_create(name="Northwind AI")
        key = services.create_service_key(service=service, scopes=list(Scope), name="demo")
        customers, callers = [], []
        for profile in PROFILES:
            customer, newcomer = _customer(profile, service)
            customers.append(customer)
            callers += [newcomer] if newcomer else []
        _play(callers, since, now)
        return Demo(base_url="", service_key=key.secret, admin=admin, staff=[], customers=customers)


def _customer(profile: Profile, service: Service) -> tuple[DemoCustomer, Caller | None]:
    """With a new key; as a caller, too, where it has no past yet."""
    owner = person(profile.email)
    customer = Customer.objects.filter(external_id=profile.domain).first()
    known = customer is not None
    if customer is None:
        customer = services.create_customer(
            name=profile.name, email=profile.email, external_id=profile.domain
        )
    user = User.objects.get(email=profile.email)
    Member.objects.get_or_create(customer=customer, user=user, defaults={"role": Role.OWNER})
    key = services.create_api_key(customer=customer, name="demo")
    address = ADDRESS.format(PROFILES.index(profile) + 10)
    caller = None if known else Caller(customer.id, profile, key.key.id, service.id, address)
    shown = DemoCustomer(id=ids.encode("cus", customer.id), api_key=key.secret, **owner)
    return shown, caller


def _play(callers: Sequence[Caller], since: datetime, now: datetime) -> None:
    player = Player(callers, catalogue.prices(), Random(SEED))
    if now - since < DAY:
        player.open(now)
        return
    player.play(since, now)
    for caller in callers:
        arrived = arrival(caller.profile, since, now)
        Customer.objects.filter(id=caller.id).update(created_at=arrived)
        key = ApiKey.objects.filter(id=caller.api_key_id)
        key.update(created_at=arrived, last_used_at=_last_call(caller))


def _last_call(caller: Caller) -> datetime | None:
    calls = Reservation.objects.filter(customer_id=caller.id, api_key_id=caller.api_key_id)
    last: datetime | None = calls.aggregate(last=Max("created_at"))["last"]
    return last
