"""Erases, all at once or not at all: what is known of a customer outside, and then here."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef

from accounts import audit
from accounts.models import Customer, Member, User
from billing import payment_methods
from billing.care.erasing.errors import ErasingRefused
from billing.care.erasing.obstacles import obstacles
from billing.care.erasing.statements import OTHER_ROWS, STATEMENTS
from billing.errors import ProviderFailed
from billing.models import Erasure, PaymentMethod
from ledger import erasing

# Django's own history of forms has a row's name as it was.
_LOG = """
update django_admin_log set object_repr = '(erased)', change_message = ''
where content_type_id = %s and object_id = any(%s)
"""


def erase(customer: Customer, *, typed: str, by: User) -> Erasure:
    """It cannot be undone, so its name has to be typed. Raises ErasingRefused."""
    if " ".join(typed.split()) != " ".join(customer.name.split()):
        raise ErasingRefused("Nothing was erased: type its name exactly as it stands above.")
    _check(customer)
    _retire_cards(customer)
    return _erase(customer.id, by)


def people_of(customer: Customer) -> list[UUID]:
    """Who belongs to no other customer, and is no staff."""
    elsewhere = Member.objects.filter(user=OuterRef("pk")).exclude(customer=customer)
    its = User.objects.filter(memberships__customer=customer, is_staff=False, is_superuser=False)
    return list(its.exclude(Exists(elsewhere)).values_list("id", flat=True))


@transaction.atomic
def _erase(customer_id: UUID, by: User) -> Erasure:
    customer = Customer.objects.select_for_update().get(id=customer_id)
    _check(customer)
    sandbox = Customer.objects.filter(sandbox_of=customer).values_list("id", flat=True)
    customers, people = [customer.id, *sandbox], people_of(customer)
    given = {"customers": customers, "people": people}
    with audit.silence():
        rows = _other_rows(given)
        for model, ids in _rows_of(customers, rows):
            _erase_log(model, ids)
        done = {table: _execute(statement, given) for table, statement in STATEMENTS.items()}
        erasing.erase(customers)
        audit.erase(customers, people, rows)
    erasure = Erasure.objects.create(
        customer=customer,
        erased_by=by,
        people=len(people),
        rows={table: count for table, count in done.items() if count},
    )
    audit.record("customer.erased", customer, customer_id=customer.id, after=erasure.rows)
    return erasure


def _check(customer: Customer) -> None:
    wrong = obstacles(customer)
    if wrong:
        raise ErasingRefused("Nothing was erased. " + " ".join(wrong))


def _retire_cards(customer: Customer) -> None:
    """Before anything of them is forgotten here: asked again, the provider is asked again."""
    for card in PaymentMethod.objects.filter(customer=customer, removed_at=None):
        try:
            payment_methods.remove(card)
        except ProviderFailed as failure:
            raise ErasingRefused(
                f"Nothing was erased: the provider did not forget a card. {failure.detail}"
                " Try again later."
            ) from failure


def _execute(statement: str, given: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        count: int = cursor.rowcount
        return count


def _other_rows(given: dict[str, Any]) -> dict[str, list[str]]:
    found = {}
    for table, statement in OTHER_ROWS.items():
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            found[table] = [str(id) for (id,) in cursor.fetchall()]
    return found


def _rows_of(
    customers: list[UUID], others: dict[str, list[str]]
) -> Iterator[tuple[type[models.Model], list[str]]]:
    """Whatever a form of the staff may have been about."""
    for model in apps.get_models():
        table = model._meta.db_table
        if model is Customer:
            yield model, [str(id) for id in customers]
        elif table in others:
            yield model, others[table]
        elif model._meta.managed and _is_of_a_customer(model):
            found = model._default_manager.filter(customer__in=customers)
            yield model, [str(pk) for pk in found.values_list("pk", flat=True)]


def _is_of_a_customer(model: type[models.Model]) -> bool:
    return any(
        field.name == "customer" and field.related_model is Customer
        for field in model._meta.concrete_fields
    )


def _erase_log(model: type[models.Model], ids: list[str]) -> None:
    kind = ContentType.objects.get_for_model(model, for_concrete_model=False)
    with connection.cursor() as cursor:
        cursor.execute(_LOG, [kind.pk, ids])
