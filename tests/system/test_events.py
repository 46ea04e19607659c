"""Promise 19 for usage events: kill -9 while they are reported, and sent again until answered."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import sleep

from accounts.ids import uuid7
from tests.system.calls import new_customer
from tests.system.http import NO_KEY, Lost

WEB, POSTGRES = "config.web", "bin/postgres"
LISTS, SIZE = 40, 50


def test_each_event_is_charged_once_whatever_dies(fragile):
    with fragile.api() as api:
        customers = [new_customer(api, "1000"), new_customer(api, "10")]
    lists = [[_event(customers[n % 2], n, i) for i in range(SIZE)] for n in range(LISTS)]
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(_report, fragile, one) for one in lists]
        for number in range(2):
            while sum(answer.done() for answer in answers) < (number + 1) * LISTS // 4:
                sleep(0.01)
            fragile.crash((WEB, POSTGRES)[number % 2])
        told = [status for answer in answers for status in answer.result()]
    with fragile.api() as api:
        for customer, left in zip(customers, ("0", "0"), strict=True):
            balance = api.get(f"/customers/{customer}/balance").json()
            assert balance["available"] == left
        again = Counter(status for one in lists for status in _report(fragile, one))
    assert Counter(told)["rejected"] == again["rejected"] == LISTS * SIZE // 2 - 10
    assert again["duplicate"] == 1000 + 10
    waiting = "select count(*) as number from ledger_refusedevent where state = 'waiting'"
    assert fragile.rows(waiting) == [{"number": again["rejected"]}]
    fragile.assert_books_tie()


def _event(customer, number, i):
    id = str(uuid7()) if i % 2 else f"{number}-{i}"
    return {
        **{"specversion": "1.0", "id": id, "source": "/kills", "type": "classify"},
        **{"subject": customer, "data": {"outcome": "success"}},
    }


def _report(installation, events):
    """Sent until it is answered, as a sender does that keeps what it has not had an answer to."""
    for _ in range(600):
        try:
            with installation.api() as api:
                media = {"Content_Type": "application/cloudevents-batch+json"}
                answer = api.post("/events", events, NO_KEY, **media)
        except (Lost, OSError):
            sleep(0.1)
            continue
        if answer.status == 202:
            return [result["status"] for result in answer.json()["results"]]
        sleep(0.1)
    raise AssertionError("nobody answers")
