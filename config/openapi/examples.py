"""One example for each operation. Together they are a story, told in the order of the file, and a
test lives through it: what is answered there is what stands here, but for ids and times."""

import json
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FILE = Path(__file__).with_name("examples.json")


@cache
def story() -> dict[str, Json]:
    """By the ids of operations: `path`, and `request` and `answer` where they have a body."""
    told: dict[str, Json] = json.loads(FILE.read_text())
    return told


def request(operation_id: str) -> Json:
    return _example(operation_id, "request")


def answer(operation_id: str) -> Json:
    return _example(operation_id, "answer")


def segment(operation_id: str, place: int) -> Json:
    """Of its path, between so many slashes."""
    told = story().get(operation_id)
    return {"example": told["path"].partition("?")[0].split("/")[place]} if told else {}


def _example(operation_id: str, part: str) -> Json:
    told = story().get(operation_id, {})
    return {"example": told[part]} if part in told else {}
