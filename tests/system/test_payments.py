"""Promises 4, 6 and 10: whatever becomes of the reports of payments, refunds and disputes, credits
and money are exact."""

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from accounts.ids import CUSTOMER, encode
from billing.providers import signatures
from tests.system import bazaar
from tests.system.bazaar import Bazaar, Sale
from tests.system.installation import Installation

WEB: Final = "config.web"
PATH: Final = "/billing/webhooks/test"
TIMES, AT_ONCE = 5, 16
BAD_SHARE, WRONG_SHARE = 0.05, 0.02
PATIENCE_SECONDS = 60


@dataclass
class Size:
    payments: int
    refunds: int
    disputes: int
    kills: int


SHORT = Size(payments=40, refunds=8, disputes=4, kills=1)
LONG = Size(payments=500, refunds=50, disputes=20, kills=20)
SIZES = [SHORT, pytest.param(LONG, marks=pytest.mark.soak)]


@dataclass(frozen=True)
class Delivery:
    body: str
    signing: str = "right"  # or wrong, or stale


@dataclass
class Reports:
    """Delivers as providers do: what was not answered is sent again."""

    installation: Installation
    secret: bytes
    waiting: SimpleQueue[Delivery]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    died: int = 0

    def work(self) -> None:
        with httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False) as client:
            while True:
                try:
                    delivery = self.waiting.get_nowait()
                except Empty:
                    return
                self.answers[delivery.signing, self._send(client, delivery)] += 1

    def _send(self, client: httpx.Client, delivery: Delivery) -> int:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                url = f"http://127.0.0.1:{self.installation.service.port}{PATH}"
                body = delivery.body.encode()
                headers = {"X-Test-Signature": self._sign(body, delivery.signing)}
                return client.post(url, content=body, headers=headers).status_code
            except httpx.ConnectError:
                time.sleep(0.05)
            except httpx.TransportError:
                self.died += 1
            assert time.monotonic() < deadline

    def _sign(self, body: bytes, signing: str) -> str:
        if signing == "stale":
            return signatures.sign(body, self.secret, int(time.time()) - 301)
        return signatures.sign(body, self.secret if signing == "right" else b"guessed")


@pytest.mark.parametrize("size", SIZES, ids=["short", "long"])
def test_credits_and_money_are_exact(several: Installation, size: Size) -> None:
    market = several
    sold = sell(market, size, seed=1)
    reports = deliver(market, sold, kills=size.kills)
    print(f"\n{len(sold.events)} events, {dict(reports.answers)}, {reports.died} died")

    assert set(reports.answers) == {("right", 200), ("wrong", 400), ("stale", 400)}
    assert_books(market, sold.sales)
    states = Counter(row["state"] for row in events_of(market, sold))
    assert states == {"applied": len(sold.events)}

    # A day's reports are lost, those that were stored and those to come: the lists say the same.
    market.alter("delete from billing_providerevent")
    lost = sell(market, size, seed=2)
    market.alter("delete from billing_sandboxevent")
    print(market.manage("reconcile_payments"))
    assert_books(market, [*sold.sales, *lost.sales])


def test_a_double_click_on_the_test_providers_page_pays_once(several: Installation) -> None:
    """It reports to the very service that shows it, by itself, before the payer is back: the very
    next request is not refused any more."""
    script = (
        "from billing.models import BillingProfile;"
        "from tests.factories.accounts import CustomerFactory;"
        "from tests.factories.billing import order;"
        "buyer = CustomerFactory(); BillingProfile.objects.create(customer=buyer, country='US');"
        "print(order(buyer).checkout_url, buyer.id)"
    )
    said = several.manage("shell", "--verbosity=0", "--command", script)
    url, customer = said.split()
    page = f"http://127.0.0.1:{several.service.port}{urlsplit(url).path}"
    debit = {"customer": encode(CUSTOMER, UUID(customer)), "endpoint": "summarize"}
    with httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client, several.api() as api:
        assert api.post("/debits", debit).problem == (402, "insufficient-credits")
        token = re.search(r'csrfmiddlewaretoken" value="(.*?)"', client.get(page).text)
        assert token
        form = {"csrfmiddlewaretoken": token[1]}
        with ThreadPoolExecutor(8) as pool:
            pressed = list(pool.map(lambda _: client.post(f"{page}/pay", data=form), range(8)))
        charged = api.post("/debits", debit).json()
    assert {answer.status_code for answer in pressed} == {302}
    assert charged["balance"]["available"] == str(1000 - int(charged["amount"]))


def sell(market: Installation, size: Size, seed: int) -> Bazaar:
    parts = {"payments": size.payments, "refunds": size.refunds, "disputes": size.disputes}
    script = f"from tests.system import bazaar; bazaar.sell(**{parts | {'seed': seed}})"
    return bazaar.read(market.manage("shell", "--verbosity=0", "--command", script))


def deliver(market: Installation, sold: Bazaar, *, kills: int) -> Reports:
    deliveries = shuffled(sold)
    waiting: SimpleQueue[Delivery] = SimpleQueue()
    for delivery in deliveries:
        waiting.put(delivery)
    reports = Reports(market, bytes.fromhex(sold.secret), waiting)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        workers = [pool.submit(reports.work) for _ in range(AT_ONCE)]
        for number in range(kills):
            done = len(deliveries) * (number + 1) // (kills + 1)
            while len(deliveries) - waiting.qsize() < done:
                time.sleep(0.002)
            market.crash(WEB)
        for worker in workers:
            worker.result()
    assert reports.answers.total() == len(deliveries)
    return reports


def shuffled(sold: Bazaar) -> list[Delivery]:
    """Each several times, some of them badly signed, and some with lies among them."""
    random = Random(3)
    lies = [lie(body, random) for body in some(payments(sold), WRONG_SHARE, random)]
    told = [Delivery(body) for body in [*sold.events, *lies]] * TIMES
    bad = [
        Delivery(one.body, signing)
        for signing in ("wrong", "stale")
        for one in some(told, BAD_SHARE / 2, random)
    ]
    deliveries = told + bad
    random.shuffle(deliveries)
    return deliveries


def payments(sold: Bazaar) -> list[str]:
    return [body for body in sold.events if json.loads(body)["type"] == "checkout.paid"]


def some(these: list[Any], share: float, random: Random) -> list[Any]:
    return random.sample(these, max(round(len(these) * share), 1))


def lie(body: str, random: Random) -> str:
    """Rightly signed, and of a wrong amount."""
    said = json.loads(body)
    said["data"]["amount"] += random.choice([-1, 1, 100_000])
    return json.dumps(said | {"id": f"lie_{said['id']}"})


def events_of(market: Installation, sold: Bazaar) -> list[dict[str, Any]]:
    """Without the lies, which are all refused."""
    rows = market.rows("select event_id, state, reason from billing_providerevent")
    lies = [row for row in rows if row["event_id"].startswith("lie_")]
    assert {row["state"] for row in lies} == {"refused"}
    assert all(row["reason"].startswith("Paid ") for row in lies)
    return [row for row in rows if row not in lies]


def assert_books(market: Installation, sales: list[Sale]) -> None:
    free, frozen, books = bazaar.expected(sales)
    owners = [UUID(owner) for owner in free]
    wallets = market.rows(
        "select customer_id, balance - held - frozen as free, frozen from ledger_wallet"
        " where customer_id = any(%s)",
        [owners],
    )
    assert {row["customer_id"].hex: row["free"] for row in wallets} == free
    assert {row["customer_id"].hex: row["frozen"] for row in wallets} == frozen
    found: dict[str, Counter[str]] = {}
    for row in market.rows(
        "select customer_id, unit, account, sum(amount)::bigint as amount from ledger_posting"
        " where customer_id = any(%s) and unit <> 'CR' group by 1, 2, 3",
        [owners],
    ):
        account = "43" if row["account"] in ("4300", "4310") else row["account"]
        own = found.setdefault(f"{row['customer_id'].hex} {row['unit']}", Counter())
        own[account] += row["amount"]
    assert {key: non_zero(own) for key, own in found.items()} == {
        key: non_zero(own) for key, own in books.items()
    }


def non_zero(own: Counter[str]) -> dict[str, int]:
    return {account: amount for account, amount in own.items() if amount}
