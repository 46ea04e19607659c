"""Calls that the Python client pays from leases, in one process, as people use it. What they came
to is settled over HTTP meanwhile, and all of it is in the balances when the time is over."""

import time
from collections.abc import Sequence
from decimal import Decimal
from itertools import cycle, islice
from random import choices

from benchmarks.callers import Target
from benchmarks.load import Load
from drawdown import Client, Leases, Retry, Size

ENDPOINT = "summarize"
CHUNK = 10_000
# What two seconds of the fastest client spend of one customer.
SIZE = Size(calls=1_000_000)


def run(target: Target, seconds: float) -> Load:
    url = f"http://127.0.0.1:{target.port}"
    with Client(url, target.service_key, retry=Retry(deadline=30)) as client:
        before = _balances(client, target.customers)
        load, cost = _spend(client, target.customers, seconds)
        spent = before - _balances(client, target.customers)
    if spent != load.operations * cost:
        raise RuntimeError(f"{load.operations} calls were sold, and {spent} credits are gone")
    return load


def _spend(client: Client, customers: Sequence[str], seconds: float) -> tuple[Load, Decimal]:
    with Leases(client, size=SIZE) as leases:
        for customer in customers:
            leases.spend(customer, ENDPOINT)
        done = len(customers)
        payers = cycle(choices(customers, k=CHUNK))
        start, cpu = time.perf_counter(), time.process_time()
        now = start
        while now - start < seconds:
            for payer in islice(payers, CHUNK):
                leases.spend(payer, ENDPOINT)
            done += CHUNK
            now = time.perf_counter()
        spent = time.process_time() - cpu
    body = {"calls": [{"endpoint": ENDPOINT}], "customer": customers[0]}
    cost = Decimal(client.post("/v1/estimate", body)["amount"])
    return Load(done, now - start, spent), cost


def _balances(client: Client, customers: Sequence[str]) -> Decimal:
    return sum((client.balance(one).total for one in customers), Decimal(0))
