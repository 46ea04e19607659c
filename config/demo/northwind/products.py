"""The four tools as HTTP offers them: what a request may come to, and the work for it."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from random import Random
from typing import Annotated, Any, NamedTuple

import msgspec

from config.demo.northwind.guard import Done
from config.demo.northwind.tools import BadInput, pdf
from config.demo.northwind.tools.classify import Classifier
from config.demo.northwind.tools.generate import Generator, joined
from config.demo.northwind.tools.summarize import summarize

# Written as fast as a language model writes, and not for longer than anybody waits.
TOKENS_AT_ONCE = 50
SECONDS_A_TOKEN = 1 / 1500
PATIENCE_SECONDS = 5.0

Quantity = dict[str, int] | None


class Prompt(msgspec.Struct):
    prompt: str
    max_tokens: Annotated[int, msgspec.Meta(ge=1, le=16_000)] = 500


class Product(NamedTuple):
    path: re.Pattern[str]
    estimate: Callable[[bytes], Quantity]
    work: Callable[[bytes], Coroutine[Any, Any, Done]]


class Products:
    def __init__(self) -> None:
        self._classifier = Classifier.learned()
        self._generator = Generator.learned()
        self._chance = Random()
        self._products = (
            Product(re.compile("/v1/classify"), _by_the_call, self._classify),
            Product(re.compile("/v1/files/[^/]+/summary"), _by_the_call, _summarize),
            Product(re.compile("/v1/files/[^/]+/text"), _by_the_call, _extract),
            Product(re.compile("/v1/generate"), _by_tokens, self._generate),
        )

    def find(self, path: str) -> Product | None:
        return next((one for one in self._products if one.path.fullmatch(path)), None)

    async def _classify(self, body: bytes) -> Done:
        return Done(self._classifier.classify(_text(body))._asdict())

    async def _generate(self, body: bytes) -> Done:
        """Raises TimeoutError."""
        asked = _prompt(body)
        written: list[str] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            for token in self._generator.tokens(asked.prompt, asked.max_tokens, self._chance):
                written.append(token)
                if len(written) % TOKENS_AT_ONCE == 0:
                    await asyncio.sleep(TOKENS_AT_ONCE * SECONDS_A_TOKEN)
        tokens = len(written)
        return Done({"text": joined(written), "tokens": tokens}, {"tokens": tokens})


async def _summarize(body: bytes) -> Done:
    return Done({"summary": await asyncio.to_thread(summarize, _text(body))})


async def _extract(body: bytes) -> Done:
    return Done({"pages": await asyncio.to_thread(pdf.extract, body)})


def _by_the_call(body: bytes) -> Quantity:
    return None


def _by_tokens(body: bytes) -> Quantity:
    """Raises BadInput."""
    return {"tokens": _prompt(body).max_tokens}


def _prompt(body: bytes) -> Prompt:
    try:
        return msgspec.json.decode(body, type=Prompt)
    except msgspec.DecodeError as error:
        raise BadInput(str(error)) from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise BadInput("Texts are in UTF-8.") from error
