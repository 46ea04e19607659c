import pytest
from django.urls import reverse

from accounts import ids
from accounts.ids import uuid7
from accounts.models import User
from ledger import services
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.models import Lot, Reservation, Transfer
from tests.factories.accounts import CustomerFactory
from tests.ledger.api.conftest import operate


def rows(client, model, **query):
    response = client.get(reverse(f"admin:ledger_{model}_changelist"), query)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


@pytest.fixture
def hold(funded):
    return operate("reserve", funded, amount=4 * CREDIT)


@pytest.fixture
def other(db):
    other = CustomerFactory(name="Other")
    services.grant(other.id, amount=CREDIT, kind="promo")
    operate("reserve", other, amount=CREDIT)
    return other


@pytest.mark.parametrize("model", [Lot, Reservation, Transfer])
def test_each_list_is_searched_by_customer(staff, funded, hold, other, model):
    name = model._meta.model_name
    for term in ("acme", ids.encode("cus", funded.id), f" {ids.encode('cus', funded.id)} "):
        found = rows(staff, name, q=term)
        assert {row.customer_id for row in found} == {funded.id}
    assert rows(staff, name, q=ids.encode("cus", uuid7())) == []
    assert rows(staff, name, q="cus_1") == []
    assert len({row.customer_id for row in rows(staff, name)}) == 2


def test_and_by_the_ids_that_the_api_gives(staff, funded, hold, other):
    rsv = str(ReservationId(funded.id, hold.reservation_id, 0))
    done = operate("commit", funded, reservation_id=hold.reservation_id)
    txn, lot = ids.encode("txn", done.transaction_id), ids.encode("lot", hold.lots[0])
    assert [row.id for row in rows(staff, "reservation", q=rsv)] == [hold.reservation_id]
    assert [row.kind for row in rows(staff, "transfer", q=rsv)] == ["commit"]
    assert [row.kind for row in rows(staff, "transfer", q=txn)] == ["commit"]
    assert [row.id for row in rows(staff, "lot", q=lot)] == [hold.lots[0]]
    assert {row.unit for row in rows(staff, "transfer", q=lot)} == {"CR", "USD"}


def test_amounts_read_in_their_unit(staff, funded):
    page = staff.get(reverse("admin:ledger_transfer_changelist")).content.decode()
    assert ">25.00<" in page
    assert ">100<" in page


@pytest.mark.parametrize("model", ["lot", "reservation", "transfer"])
def test_nobody_adds_changes_or_deletes_what_happened(staff, funded, hold, model):
    (row, *_) = rows(staff, model)
    assert staff.get(reverse(f"admin:ledger_{model}_add")).status_code == 403
    change, delete = (
        reverse(f"admin:ledger_{model}_{page}", args=[row.pk]) for page in ("change", "delete")
    )
    assert staff.post(change, {"amount": 1}).status_code == 403
    assert staff.post(delete, {"post": "yes"}).status_code == 403


def test_who_is_no_staff_sees_nothing(client, funded):
    client.force_login(User.objects.create_user("someone@example.com"))
    assert client.get(reverse("admin:ledger_transfer_changelist")).status_code == 302


def test_a_customers_page_shows_the_wallet_and_leads_to_its_records(staff, funded, hold):
    page = staff.get(reverse("admin:accounts_customer_change", args=[funded.pk]))
    text = page.content.decode()
    assert "96 available, 4 held, 0 frozen" in text
    for model in ("lot", "reservation", "transfer"):
        query = f"?q={ids.encode('cus', funded.id)}"
        assert reverse(f"admin:ledger_{model}_changelist") + query in text


def test_a_customer_that_is_being_added_has_no_wallet_yet(staff):
    assert staff.get(reverse("admin:accounts_customer_add")).status_code == 200
