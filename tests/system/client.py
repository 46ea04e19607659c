"""A provider's service, as a process of its own, that writes down every answer that it gets.

    python -m tests.system.client STATE/demo.json answers.jsonl --calls 2000 --customers 50

It knows nothing but the address and the key. What stays unanswered, because its server was killed,
say, it sends again with the same key until there is an answer.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from accounts.ids import uuid7
from tests.system.http import Answer, Api, Lost
from tests.system.scenarios import Reply, Scenarios, Step, first_grants

PATIENCE_SECONDS = 120
# How often a key is a name, a request is sent twice, and an answer is not waited for.
NAMED = 0.2
REPEATED = 0.04
LEFT = 0.03
# Asked again at once, it could be refused before what was left behind is granted.
LEAVE_SECONDS = 0.02


class Journal:
    """One JSON line for every answer."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()

    def write(self, step: Step, key: str, answer: Answer) -> None:
        line = {
            "customer": step.customer,
            "method": "POST",
            "path": step.path,
            "key": key,
            "body": step.body,
            "status": answer.status,
            "replayed": answer.is_replayed,
            "answer": answer.body.decode(),
        }
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()


class Caller:
    """One thread of the service."""

    def __init__(self, demo: Path, journal: Journal, chance: random.Random) -> None:
        self._demo, self._journal, self._chance = demo, journal, chance
        self._api = self._connect()

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *error: object) -> None:
        self._api.close()

    def make_customer(self, number: int) -> str:
        made = Step("", "/customers", {"name": f"Customer {number}"})
        self._play([made])
        customer: str = made.reply.body["id"]
        self._play(first_grants(self._chance, customer, is_poor=number % 5 == 0))
        return customer

    def call(self, customers: Sequence[str], number: int) -> None:
        scenarios = Scenarios(self._chance)
        for _ in range(number):
            self._play(scenarios.one(self._chance.choice(customers)))

    def _play(self, steps: Iterable[Step]) -> None:
        """Each step is sent when the one before is answered."""
        for step in steps:
            step.reply = self._do(step)

    def _do(self, step: Step) -> Reply:
        key = self._new_key()
        if self._chance.random() < LEFT:
            self._leave(step, key)
        answer = self._answer(step, key)
        self._journal.write(step, key, answer)
        if self._chance.random() < REPEATED:
            # What was refused may be granted now.
            answer = self._answer(step, key)
            self._journal.write(step, key, answer)
        return Reply(answer.status, answer.json())

    def _new_key(self) -> str:
        """Most are UUIDs of version 7, some are names of another kind."""
        return f"call {uuid7()}" if self._chance.random() < NAMED else str(uuid7())

    def _leave(self, step: Step, key: str) -> None:
        """Hang up before the answer: whether it was done is not known."""
        with suppress(Lost):
            self._api.send_and_leave(step.path, step.body, key)
            time.sleep(LEAVE_SECONDS)

    def _answer(self, step: Step, key: str) -> Answer:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self._api.post(step.path, step.body, key)
            except Lost:
                self._api.close()
                self._api = self._connect()
            else:
                if not _should_be_sent_again(answer):
                    return answer
            time.sleep(0.05)
        raise TimeoutError(f"{step.path} {key} was not answered")

    def _connect(self) -> Api:
        """A server that was started again has another address."""
        demo = json.loads(self._demo.read_text())
        return Api(demo["base_url"], demo["service_key"])


def _should_be_sent_again(answer: Answer) -> bool:
    """Of a batch, some operations may be done and others not."""
    results = answer.json().get("results", ())
    unanswered = any(result["status"] >= 500 for result in results)
    return unanswered or answer.headers["X-Should-Retry"] == "true"


def main() -> None:
    asked = _arguments()
    with asked.journal.open("w") as file, ThreadPoolExecutor(asked.threads) as pool:
        journal = Journal(file)

        def make_customer(number: int) -> str:
            with _caller(asked, journal, f"customer {number}") as caller:
                return caller.make_customer(number)

        def call(number: int) -> None:
            with _caller(asked, journal, f"calls {number}") as caller:
                caller.call(customers, asked.calls // asked.threads)

        customers = list(pool.map(make_customer, range(asked.customers)))
        list(pool.map(call, range(asked.threads)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("demo", type=Path)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--customers", type=int, default=50)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _caller(asked: argparse.Namespace, journal: Journal, name: str) -> Caller:
    return Caller(asked.demo, journal, random.Random(f"{asked.seed} {name}"))


if __name__ == "__main__":
    main()
