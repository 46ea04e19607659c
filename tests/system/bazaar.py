"""Sales at the test provider, of which nothing is told yet, and what they must come to.

`sell` runs in the service's own Python; `expected` reckons from the bare figures, by the accounting
rules and not by the code that is tried.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from random import Random

from billing.models import Pack, Purchase, SandboxCheckout, SandboxEvent
from billing.providers.sandbox import acts, delivery
from tests.factories.billing import add_price, new_pack, order, taxed

PRICES = {"USD": "49.99", "EUR": "45.50", "JPY": "7777"}
TAXES = (("20", "AT"), ("19", "DE"), ("8.875", "US"), ("0", "GB"))
DISPUTE_FEE = 15_00

Books = dict[str, Counter[str]]


@dataclass
class Sale:
    customer: str
    purchase: str
    currency: str
    net: int
    tax: int
    fee: int
    credits: int  # micro-credits
    refunds: list[int] = field(default_factory=list)
    dispute: str = ""  # how it stands
    disputed: int = 0
    excess: int = 0  # disputed beyond what was paid

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def returned(self) -> int:
        return sum(self.refunds) + (self.disputed if self.dispute == "lost" else 0)


@dataclass
class Bazaar:
    sales: list[Sale]
    events: list[str]
    secret: str


def sell(*, payments: int, refunds: int, disputes: int, seed: int) -> None:
    """Prints a bazaar."""
    random = Random(seed)
    packs = [_pack(1000), _pack(777, bonus=33)]
    rates = [TAXES[number % len(TAXES)] for number in range(max(payments // 5, 1))]
    customers = [taxed(percent, country=country) for percent, country in rates]
    known = set(SandboxEvent.objects.values_list("ref", flat=True))
    sales = []
    for _ in range(payments):
        currency = random.choice(list(PRICES))
        purchase = order(random.choice(customers), random.choice(packs), currency=currency)
        sales.append(_paid(purchase))
    for _ in range(refunds):
        _refund(random.choice(sales[: max(refunds // 2, 1)]), random)
    for number, sale in enumerate(random.sample(sales, disputes)):
        _dispute(sale, ("open", "won", "lost", "lost")[number % 4], random.randrange(0, 200, 50))
    told = SandboxEvent.objects.exclude(ref__in=known).order_by("created_at")
    bodies = list(told.values_list("body", flat=True))
    print(json.dumps(asdict(Bazaar(sales, bodies, delivery.secret().hex()))))


def read(text: str) -> Bazaar:
    said = json.loads(text)
    return Bazaar([Sale(**sale) for sale in said["sales"]], said["events"], said["secret"])


def expected(sales: Iterable[Sale]) -> tuple[Counter[str], Counter[str], Books]:
    """Free and frozen micro-credits of each customer, and each one's accounts in each currency;
    what was given back beyond what was unused is one account, `43`."""
    free, frozen, books = Counter[str](), Counter[str](), dict[str, Counter[str]]()
    for sale in sales:
        left = sale.credits - sale.credits * sale.returned // sale.total
        is_open = sale.dispute == "open"
        kept = left * sale.disputed // (sale.total - sum(sale.refunds)) if is_open else 0
        free[sale.customer] += left - kept
        frozen[sale.customer] += kept
        deferred = round(Fraction(sale.net * left, sale.credits))
        tax = round(Fraction(sale.tax * sale.returned, sale.total))
        pulled = sale.disputed + sale.excess if is_open else 0
        loss = sale.excess if sale.dispute == "lost" else 0
        fee = DISPUTE_FEE if sale.dispute else 0
        own = books.setdefault(f"{sale.customer} {sale.currency}", Counter())
        own.update(
            {
                "1000": sale.total - sale.returned - loss - pulled - sale.fee - fee,
                "1200": pulled,
                "2100": -deferred,
                "2200": -(sale.tax - tax),
                "43": (sale.returned - tax) - (sale.net - deferred),
                "6100": sale.fee,
                "6200": fee,
                "6300": loss,
            }
        )
    return free, frozen, books


def _pack(credits: int, bonus: int = 0) -> Pack:
    pack = new_pack(credits, PRICES["USD"], bonus=bonus)
    for currency in ("EUR", "JPY"):
        add_price(pack, PRICES[currency], currency)
    return pack


def _paid(purchase: Purchase) -> Sale:
    checkout = acts.pay(purchase.provider_ref or "")
    return Sale(
        customer=purchase.customer_id.hex,
        purchase=purchase.name,
        currency=purchase.currency,
        net=purchase.net,
        tax=purchase.tax,
        fee=checkout.fee,
        credits=purchase.credits + purchase.bonus_credits,
    )


def _refund(sale: Sale, random: Random) -> None:
    left = sale.total - sum(sale.refunds)
    amount = random.randint(1, max(left // 2, 1))
    acts.refund(_ref(sale), amount=amount)
    sale.refunds.append(amount)


def _dispute(sale: Sale, end: str, excess: int) -> None:
    sale.dispute, sale.disputed = end, sale.total - sum(sale.refunds)
    # Of a payment that was refunded as well, what is too much depends on what is told first.
    sale.excess = 0 if sale.refunds else excess
    made = acts.dispute(_ref(sale), amount=sale.disputed + sale.excess)
    if end != "open":
        acts.close(made.ref, won=end == "won")


def _ref(sale: Sale) -> str:
    return SandboxCheckout.objects.get(purchase_ref=sale.purchase).ref
