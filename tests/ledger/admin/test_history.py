import pytest
from django.db import connection
from django.urls import reverse

from accounts import ids
from accounts.ids import uuid7
from accounts.models import User
from accounts.request_ids import request_id
from ledger import services
from ledger.admin import windows
from ledger.admin.shown import row_page
from ledger.amounts import CREDIT
from ledger.ids import ReservationId
from ledger.models import Lot, Reservation, Transfer
from tests.factories.accounts import ApiKeyFactory, CustomerFactory
from tests.ledger.api.conftest import operate


def rows(client, model, **query):
    response = client.get(reverse(f"admin:ledger_{model}_changelist"), query)
    assert response.status_code == 200
    return list(response.context["rows"])


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


def test_a_rows_page_takes_customer_and_id(staff, funded, hold, other):
    for model in ("lot", "reservation", "transfer", "event"):
        (row, *_) = rows(staff, model, q=ids.encode("cus", funded.id))
        page = row_page(model, row.customer_id, row.pk)
        assert staff.get(page).status_code == 200
        assert page in staff.get(reverse(f"admin:ledger_{model}_changelist")).content.decode()
        assert staff.get(row_page(model, other.id, row.pk)).status_code == 302
        assert staff.get(reverse(f"admin:ledger_{model}_change", args=["x"])).status_code == 302


def test_a_reservations_page_names_what_became_of_it(staff, funded, hold):
    done = operate("commit", funded, reservation_id=hold.reservation_id, request_id="settled")
    page = staff.get(row_page("reservation", funded.id, hold.reservation_id)).content.decode()
    assert str(ReservationId(funded.id, hold.reservation_id, 0)) in page
    assert ids.encode("txn", done.transaction_id) in page
    assert ids.encode("lot", hold.lots[0]) in page
    assert "settled" in page


@pytest.mark.parametrize("name", ["check-7", request_id(None)])
def test_reservations_are_found_by_the_request_that_made_or_settled_them(
    staff, funded, other, name
):
    made = operate("reserve", funded, amount=CREDIT, request_id=name)
    settled = operate("reserve", funded, amount=CREDIT, request_id="another")
    operate("commit", funded, reservation_id=settled.reservation_id, request_id=name)
    found = {row.id for row in rows(staff, "reservation", q=name)}
    assert found == {made.reservation_id, settled.reservation_id}
    assert rows(staff, "reservation", q=request_id(None)) == []


def test_history_is_found_by_the_key_that_paid(staff, funded, other):
    key, secret = ApiKeyFactory(customer=funded)
    made = operate("reserve", funded, amount=CREDIT, api_key_id=key.id)
    named = ids.encode("key", key.id)
    assert [row.id for row in rows(staff, "reservation", q=named)] == [made.reservation_id]
    operate("commit", funded, reservation_id=made.reservation_id)
    for term in (key.prefix, secret, named):
        assert [row.kind for row in rows(staff, "transfer", q=term)] == ["commit"]
        assert [row.kind for row in rows(staff, "transaction", key=term)] == ["commit"]
        assert {row.customer_id for row in rows(staff, "lot", q=term)} == {funded.id}


def test_a_search_that_takes_too_long_is_ended(staff, funded, monkeypatch):
    monkeypatch.setattr(windows, "SEARCH_SECONDS", 1)
    monkeypatch.setattr(windows.searching, "customers", _sleep)
    page = staff.get(reverse("admin:ledger_wallet_changelist"), {"q": "acme"}, follow=True)
    assert "Say of which customer" in page.content.decode()


def _sleep(term):
    with connection.cursor() as cursor:
        cursor.execute("select pg_sleep(10)")


def test_who_is_no_staff_sees_nothing(client, funded):
    client.force_login(User.objects.create_user("someone@example.com"))
    assert client.get(reverse("admin:ledger_transfer_changelist")).status_code == 302


def test_a_customer_that_is_being_added_has_no_wallet_yet(staff):
    assert staff.get(reverse("admin:accounts_customer_add")).status_code == 200
