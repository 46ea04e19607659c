"""The test provider's own page, over real HTTP: what is done there is told to us there and then."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from django.conf import LazySettings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from billing import refunds
from billing.errors import NothingToRefund
from billing.models import (
    PaymentMethod,
    ProviderEvent,
    Purchase,
    PurchaseState,
    RefundState,
    SandboxEvent,
)
from ledger.amounts import CREDIT
from tests.factories.billing import credits, order
from tests.factories.ledger import Book


class Payer:
    """A browser at the page of one checkout."""

    def __init__(self, purchase: Purchase, client: httpx.Client) -> None:
        self.purchase = purchase
        self._client = client

    def look(self) -> str:
        response = self._client.get(self.purchase.checkout_url)
        assert response.status_code == 200
        return response.text

    def press(self, button: str, **fields: str) -> httpx.Response:
        form = re.search(rf'action="([^"]+/{button})".*?value="(.*?)"', self.look(), re.DOTALL)
        assert form, f"there is no {button}"
        return self.send(form[1], fields | {"csrfmiddlewaretoken": form[2]})

    def send(self, path: str, fields: dict[str, str]) -> httpx.Response:
        return self._client.post(httpx.URL(self.purchase.checkout_url).join(path), data=fields)

    def token(self) -> str:
        found = re.search(r'csrfmiddlewaretoken" value="(.*?)"', self.look())
        assert found
        return found[1]

    @property
    def state(self) -> str:
        self.purchase.refresh_from_db()
        return self.purchase.state

    @property
    def balance(self) -> tuple[int, int]:
        """Free and frozen credits."""
        result = Book(self.purchase.customer_id).refresh()
        return (result.available or 0) // CREDIT, (result.frozen or 0) // CREDIT


@pytest.fixture
def live(committed: None, settings: LazySettings) -> Iterator[None]:
    """We are reached where the test provider reports to."""
    SandboxEvent.objects.all().delete()
    thread = LiveServerThread("127.0.0.1", static_handler=StaticFilesHandler)
    thread.daemon = True
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None
    settings.PUBLIC_URL = f"http://127.0.0.1:{thread.port}"
    yield
    thread.terminate()


@pytest.fixture
def browser(live: None) -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def payer(browser: httpx.Client) -> Payer:
    return Payer(order(), browser)


def test_the_page_says_what_is_paid_for_and_that_no_money_moves(payer: Payer) -> None:
    page = payer.look()
    assert "no money moves" in page
    assert payer.purchase.pack_name in page
    assert "$100.00" in page


def test_paying_credits_before_the_payer_is_back(payer: Payer) -> None:
    response = payer.press("pay")
    assert response.status_code == 302
    assert response.headers["Location"] == f"http://testserver/back/{payer.purchase.name}"
    assert (payer.state, payer.balance) == (PurchaseState.PAID, (1000, 0))
    assert "Back to the shop" in payer.look()


def test_a_double_click_pays_once(payer: Payer) -> None:
    fields = {"csrfmiddlewaretoken": payer.token()}
    path = f"{httpx.URL(payer.purchase.checkout_url).path}/pay"
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: payer.send(path, fields), range(12)))
    assert {answer.status_code for answer in answers} == {302}
    assert payer.balance == (1000, 0)
    told = ProviderEvent.objects.filter(payload__data__purchase=payer.purchase.name)
    assert told.count() == 1


def test_a_declined_card_may_be_tried_again(payer: Payer) -> None:
    said = payer.press("decline")
    assert said.headers["Location"].endswith("?declined")
    payer.press("decline")
    assert (payer.state, payer.balance) == (PurchaseState.FAILED, (0, 0))
    assert payer.purchase.reason == "The card was declined."
    payer.press("pay")
    assert (payer.state, payer.balance) == (PurchaseState.PAID, (1000, 0))
    assert payer.purchase.reason == ""


def test_an_abandoned_page_expires_and_may_be_paid_late(payer: Payer) -> None:
    payer.press("abandon")
    assert (payer.state, payer.balance) == (PurchaseState.EXPIRED, (0, 0))
    assert "Pay late" in payer.look()
    payer.press("pay")
    assert (payer.state, payer.balance) == (PurchaseState.PAID, (1000, 0))


def test_a_dispute_freezes_and_is_won(payer: Payer) -> None:
    payer.press("pay")
    payer.press("dispute")
    assert payer.balance == (0, 1000)
    payer.press("win")
    assert payer.balance == (1000, 0)
    payer.press("dispute")
    payer.press("lose")
    assert "All of it went back" in payer.look()
    assert payer.balance == (0, 0)
    assert credits(payer.purchase.customer_id) == {"U10": 1000, "U32": 1000}


def test_the_bank_takes_all_whatever_was_refunded(payer: Payer) -> None:
    payer.press("pay")
    assert "also what was refunded" not in payer.look()
    refunds.request(payer.purchase, 300 * CREDIT, by=None, reason="")
    assert "also what was refunded" in payer.look()
    payer.press("dispute-all")
    assert payer.balance == (0, 700)
    payer.press("lose")
    assert payer.balance == (0, 0)
    dispute = payer.purchase.payment.disputes.get()
    assert (dispute.amount, dispute.excess, dispute.owed) == (100_00, 30_00, 0)
    assert credits(payer.purchase.customer_id) == {"U10": 1000, "U32": 1000}


def test_the_bank_refunds_what_is_left(payer: Payer) -> None:
    payer.press("pay")
    refunds.request(payer.purchase, 300 * CREDIT, by=None, reason="")
    payer.press("refund")
    assert "All of it went back" in payer.look()
    assert payer.balance == (0, 0)
    payment = payer.purchase.payment
    payment.refresh_from_db()
    assert (payment.refunded, payment.refunds.count()) == (100_00, 2)


def test_a_card_is_kept_when_the_payer_wants_it(payer: Payer) -> None:
    payer.press("pay", save_card="on")
    (method,) = PaymentMethod.objects.filter(customer=payer.purchase.customer)
    assert str(method) == "test 4242"


def test_we_refund_and_it_is_told_and_answered_once(payer: Payer) -> None:
    payer.press("pay")
    refund = refunds.request(payer.purchase, 250 * CREDIT, by=None, reason="")
    assert refund.state == RefundState.SUCCEEDED
    assert payer.balance == (750, 0)
    told = ProviderEvent.objects.get(payload__data__refund=refund.name)
    assert told.state == "applied"


def test_what_it_declines_gives_the_credits_back(payer: Payer) -> None:
    payer.press("pay")
    payer.press("dispute")
    with pytest.raises(NothingToRefund):
        refunds.request(payer.purchase, by=None, reason="")
    payer.press("win")
    assert payer.balance == (1000, 0)


def test_a_form_of_another_site_does_nothing(payer: Payer) -> None:
    path = f"{httpx.URL(payer.purchase.checkout_url).path}/pay"
    assert payer.send(path, {}).status_code == 403
    assert payer.state == PurchaseState.PENDING


@pytest.mark.parametrize("act", ["steal", "_found"])
def test_there_are_no_other_acts(payer: Payer, act: str) -> None:
    fields = {"csrfmiddlewaretoken": payer.token()}
    path = f"{httpx.URL(payer.purchase.checkout_url).path}/{act}"
    assert payer.send(path, fields).status_code == 404


def test_a_page_of_no_checkout_is_not_there(payer: Payer) -> None:
    url = payer.purchase.checkout_url.rsplit("/", 1)[0] + "/tco_nothing"
    assert httpx.get(url, trust_env=False).status_code == 404


def test_where_the_test_provider_is_not_named_its_page_is_not_there(
    payer: Payer, settings: LazySettings
) -> None:
    settings.PAYMENT_PROVIDERS = ["stripe"]
    assert httpx.get(payer.purchase.checkout_url, trust_env=False).status_code == 404


def test_a_page_that_cannot_reach_us_still_takes_the_money(
    payer: Payer, browser: httpx.Client, settings: LazySettings
) -> None:
    url = settings.PUBLIC_URL
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    assert payer.press("pay").status_code == 302
    assert payer.balance == (0, 0)
    # The next that is told brings what was left.
    settings.PUBLIC_URL = url
    Payer(order(), browser).press("pay")
    assert payer.balance == (1000, 0)
