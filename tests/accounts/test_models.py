import pytest
from django.db import IntegrityError, models, transaction

from accounts.ids import uuid7
from accounts.models import (
    HOUSE_ID,
    ApiKey,
    Customer,
    IdempotentReply,
    Member,
    Service,
    ServiceKey,
    User,
)
from tests.factories.accounts import (
    ApiKeyFactory,
    CustomerFactory,
    MemberFactory,
    ServiceFactory,
    ServiceKeyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def assert_refused_by(constraint, write):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write()


def test_the_house_is_there_from_the_start():
    assert Customer.objects.get(id=HOUSE_ID).name == "House"


def test_an_email_belongs_to_one_person_in_lower_case():
    person = UserFactory()
    assert_refused_by("user_email_unique", lambda: User.objects.create(email=person.email))
    assert_refused_by("user_email_is_lower_case", lambda: User.objects.create(email="A@b.example"))


def test_statuses_roles_and_scopes_are_known_ones():
    customer, member, key = CustomerFactory(), MemberFactory(), ServiceKeyFactory().key
    assert_refused_by("customer_status_known", lambda: update(customer, status="gone"))
    assert_refused_by("member_role_known", lambda: update(member, role="king"))
    assert_refused_by("servicekey_scopes_known", lambda: update(key, scopes=["read", "all"]))


def test_a_person_is_once_at_a_customer():
    member = MemberFactory()
    assert_refused_by(
        "member_once_per_customer",
        lambda: MemberFactory(user=member.user, customer=member.customer),
    )


def test_services_have_names_of_their_own():
    service = ServiceFactory()
    assert_refused_by("service_name_unique", lambda: ServiceFactory(name=service.name))


@pytest.mark.parametrize("factory", [ApiKeyFactory, ServiceKeyFactory])
def test_a_digest_is_one_sha256_of_one_key(factory):
    key, other = factory().key, factory().key
    kind = key._meta.model_name
    assert_refused_by(f"{kind}_digest_unique", lambda: update(key, digest=other.digest))
    assert_refused_by(f"{kind}_digest_is_sha256", lambda: update(key, digest=b"short"))


def test_only_a_success_is_remembered_and_once_per_key():
    reply = {
        "customer_id": HOUSE_ID,
        "service": ServiceFactory(),
        "key": "k",
        "request_hash": 1,
        "body": b"",
    }
    assert_refused_by(
        "idempotentreply_is_a_success",
        lambda: IdempotentReply.objects.create(**reply, status=404),
    )
    IdempotentReply.objects.create(**reply, status=200)
    assert_refused_by(
        "idempotentreply_key_once", lambda: IdempotentReply.objects.create(**reply, status=200)
    )


def test_what_others_point_at_cannot_be_deleted():
    api_key, service_key, member = ApiKeyFactory().key, ServiceKeyFactory().key, MemberFactory()
    for kept in (api_key.customer, service_key.service, member.user, member.customer):
        with pytest.raises(models.ProtectedError):
            kept.delete()


@pytest.mark.parametrize("model", [User, Customer, Member, Service, ServiceKey, ApiKey])
def test_naming_a_row_asks_the_database_nothing(model, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert str(model(id=uuid7())) is not None


def update(row, **fields):
    type(row).objects.filter(pk=row.pk).update(**fields)
