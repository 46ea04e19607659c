"""The document's examples are lived through, in their order, by a real service."""

import json
import re
from collections.abc import Iterator
from typing import Any

from accounts.ids import uuid7
from config.openapi.document import document
from config.openapi.examples import story
from tests.system.http import Answer, Api

# What differs from run to run: ids, secrets, cursors, times, and the name of the rate card.
_EXTERNAL_ID = "northwind-4711"
_OWN = re.compile(
    r"\b(cus|rsv|lse|lot|txn|key|req|ddk)_\w+|\bW[yz][\w=]+"
    rf"|{_EXTERNAL_ID}(-[0-9a-f]+)?|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]+Z|fastpath|2026-11"
    # The hourly round that makes revenue of what was used may fall in between.
    r'|(?<="version": )[0-9]+'
)


def test_every_operation_has_one_and_no_other():
    assert set(story()) == {told["operationId"] for _, _, told in operations()}


def test_what_is_answered_is_what_the_document_shows(api: Api) -> None:
    methods = {told["operationId"]: method for method, _, told in operations()}
    # The fuzzing may have made this customer before.
    known = {_EXTERNAL_ID: f"{_EXTERNAL_ID}-{uuid7().hex}"}
    for operation_id, told in story().items():
        path, body = in_terms_of(known, told["path"]), in_terms_of(known, told.get("request"))
        media = {"Content_Type": told["media"]} if "media" in told else {}
        method = methods[operation_id].upper()
        answer = api.send(method, path.removeprefix("/v1"), body, **media)
        assert answer.status < 300, (operation_id, answer)
        check(operation_id, told, answer)
        known |= dict(learnt(told.get("answer"), shown(answer)))


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, methods in document()["paths"].items():
        for method, told in methods.items():
            yield method, path, told


def check(operation_id: str, told: Any, answer: Answer) -> None:
    responses = {told["operationId"]: told["responses"] for _, _, told in operations()}
    assert str(answer.status) in responses[operation_id]
    assert without_own(shown(answer)) == without_own(told.get("answer"))


def without_own(body: Any) -> Any:
    return json.loads(_OWN.sub("…", json.dumps(body)).replace('"version": …', '"version": 0'))


def shown(answer: Answer) -> Any:
    return answer.json() if answer.body else None


def in_terms_of(known: dict[str, str], example: Any) -> Any:
    """The example with the ids that this service gave instead of those of the document."""
    text = json.dumps(example)
    # A secret begins with its key's prefix.
    for theirs in sorted(known, key=len, reverse=True):
        text = text.replace(theirs, known[theirs])
    return json.loads(text)


def learnt(example: Any, real: Any) -> Iterator[tuple[str, str]]:
    if isinstance(example, dict):
        for name in example:
            yield from learnt(example[name], real[name])
    elif isinstance(example, list):
        for theirs, ours in zip(example, real, strict=True):
            yield from learnt(theirs, ours)
    elif isinstance(example, str) and _OWN.fullmatch(example):
        yield example, real
