"""Promise 19: whatever dies, everything that is owed is delivered, and hardly anything twice."""

import shutil
import time
from collections import Counter
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import NamedTuple

import pytest

from tests.billing.mails.server import MailServer
from tests.billing.mails.server import listening as mails_taken
from tests.billing.webhooks_out.receiver import Receiver
from tests.billing.webhooks_out.receiver import receiving as webhooks_taken
from tests.broker.background import Background, running
from tests.broker.database import Database
from tests.broker.flood import Flood
from tests.broker.servers import Redis, await_true

REPEATED_SHARE = 0.01
# What a killed worker had on its way is sent again when its lease is over.
SETTLE_SECONDS = 240
OWED = """
select (select count(*) from ledger_outbox)
    + (select count(*) from billing_mail where state = 'due')
    + (select count(*) from billing_webhookdelivery where state = 'due')
"""

SENT = "select id, state from billing_mail where state in ('sent', 'outdated') and kind <> 'test'"


class Size(NamedTuple):
    customers: int
    times: int
    pause: float
    repeated: float


# A single kill repeats what was on its way: in the short form that may be more than a hundredth.
SHORT = Size(customers=20, times=5, pause=1, repeated=0.25)
LONG = Size(customers=250, times=20, pause=6, repeated=REPEATED_SHARE)


@pytest.mark.parametrize("size", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
def test_everything_owed_is_delivered_whatever_dies(
    size: Size, database: Database, folder: Path
) -> None:
    if shutil.which(Redis.program) is None:
        pytest.skip(f"{Redis.program} is not installed")
    broker = Redis(folder)
    broker.start_empty()
    try:
        with (
            webhooks_taken() as receiver,
            mails_taken() as mails,
            running(
                database,
                broker.url,
                folder / "kills.log",
                # What is left of a flood takes longer than a task of the other tests.
                TASK_SECONDS="120",
                WEBHOOKS_ALLOW_HTTP="1",
                WEBHOOKS_ALLOW_PRIVATE="1",
                EMAIL_URL=f"smtp://127.0.0.1:{mails.port}",
            ) as background,
        ):
            _go_on_amid_kills(size, database, background, broker, receiver, mails)
    finally:
        broker.close()


def _go_on_amid_kills(
    size: Size,
    database: Database,
    background: Background,
    broker: Redis,
    receiver: Receiver,
    mails: MailServer,
) -> None:
    flood = Flood(database, background, size.customers, receiver.url)
    enough, kills = Event(), Counter[str]()
    killer = Thread(target=_kill_at_random, args=[background, broker, enough, kills])
    killer.start()
    for _ in range(size.times):
        flood.cross()
        time.sleep(size.pause)
    enough.set()
    killer.join()
    began = time.monotonic()
    await_true(lambda: database.rows(OWED) == [(0,)], SETTLE_SECONDS)
    settled = time.monotonic() - began

    events = flood.told("balance.low", "balance.recovered", "credits.added")
    assert len(flood.told("balance.low")) == size.customers * size.times
    delivered = Counter(got.headers["webhook-id"] for got in receiver.got)
    assert {name.removeprefix("evt_") for name in delivered} == {
        id.replace("-", "") for id in events
    }
    handed_over = Counter(mail["Message-ID"] for mail in mails.mails)
    states = {f"<mail-{id}@localhost>": state for id, state in database.rows(SENT)}
    # What was over before it could be sent is not sent. Nor is it sent again when a worker
    # died between handing it over and saying so.
    assert {id for id, state in states.items() if state == "sent"} <= set(handed_over)
    assert set(handed_over) <= set(states)
    for times in (delivered, handed_over):
        repeated = sum(times.values()) - len(times)
        print(f"{len(times)} delivered, {repeated} of them again; {dict(kills)}; {settled:.0f} s")
        assert repeated <= size.repeated * len(times)


def _kill_at_random(
    background: Background, broker: Redis, enough: Event, kills: Counter[str]
) -> None:
    chance = Random()
    while not enough.wait(chance.uniform(1, 6)):
        victim = chance.choice(["worker", "worker", "beat", "broker"])
        kills[victim] += 1
        if victim == "worker":
            background.kill_worker()
        elif victim == "beat":
            background.kill_beat()
        else:
            broker.kill()
            enough.wait(chance.uniform(0, 3))
            broker.start_empty()
