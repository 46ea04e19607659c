"""What a customer does next, by its temper."""

import json
from random import Random
from typing import NamedTuple

from config.demo.customers import Profile, Temper
from config.demo.traffic.samples import Samples

# How often each temper calls, relative to the others.
SHARE = {
    Temper.QUIET: 0,
    Temper.STEADY: 10,
    Temper.BURSTING: 2,
    Temper.RUNNING_DRY: 6,
    Temper.FAILING: 5,
    Temper.DISCONNECTING: 6,
}
BURST = (4, 10)
FAILS = 0.5
LEAVES = 0.5
TOKENS = (100, 1_500)
# More than Northwind writes in the time that it gives itself: its failure, not the customer's.
TOO_MANY_TOKENS = 15_000
TOO_MANY = 0.02
PROMPTS = ("The keeper of the", "When the boats", "There was a clerk", "In the town")


class Request(NamedTuple):
    path: str
    content: bytes
    # The client hangs up after so many seconds.
    patience: float | None = None


class Habits:
    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._samples = Samples(chance)

    def visit(self, profile: Profile) -> list[Request]:
        """The requests that this customer makes at once."""
        number = self._chance.randint(*BURST) if profile.temper is Temper.BURSTING else 1
        return [self._request(profile) for _ in range(number)]

    def _request(self, profile: Profile) -> Request:
        if profile.temper is Temper.DISCONNECTING and self._chance.random() < LEAVES:
            return self._generate(TOKENS[1])._replace(patience=self._chance.uniform(0.2, 0.7))
        (endpoint,) = self._chance.choices(list(profile.mix), list(profile.mix.values()))
        fails = profile.temper is Temper.FAILING and self._chance.random() < FAILS
        return self._call(endpoint, fails=fails)

    def _call(self, endpoint: str, *, fails: bool) -> Request:
        file = f"/v1/files/{self._chance.randrange(16**8):08x}"
        match endpoint:
            case "classify":
                message = "1 2 3" if fails else self._samples.message()
                return Request("/v1/classify", message.encode())
            case "summarize":
                text = "Too short." if fails else self._samples.text()
                return Request(f"{file}/summary", text.encode())
            case "extract-pdf":
                document = b"%PDF- of nothing" if fails else self._samples.document()
                return Request(f"{file}/text", document)
            case _:
                too_many = self._chance.random() < TOO_MANY
                return self._generate(
                    TOO_MANY_TOKENS if too_many else self._chance.randint(*TOKENS)
                )

    def _generate(self, tokens: int) -> Request:
        body = {"prompt": self._chance.choice(PROMPTS), "max_tokens": tokens}
        return Request("/v1/generate", json.dumps(body).encode())
