"""What the client wrote down: each operation that it asked for, and the answer that it got."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID


class Exchange(NamedTuple):
    """One operation, sent alone or in a batch."""

    op: str
    customer: UUID | None  # None: it was to be made
    reservation: UUID | None
    key: str
    asked: dict[str, Any]
    status: int
    is_replayed: bool
    answer: dict[str, Any]
    text: str  # the answer, to compare byte by byte

    @property
    def is_done(self) -> bool:
        return self.status in (200, 201)


def read(path: Path) -> list[Exchange]:
    lines = map(json.loads, path.read_text().splitlines())
    return [exchange for line in lines for exchange in _exchanges(line)]


def done_once(exchanges: list[Exchange]) -> list[Exchange]:
    """What was acknowledged, the repetitions left out: those have to be the same to the byte."""
    by_key = defaultdict(list)
    for exchange in exchanges:
        if exchange.is_done:
            by_key[exchange.customer, exchange.key].append(exchange)
    for same in by_key.values():
        assert len({exchange.text for exchange in same}) == 1, same
        assert sum(not exchange.is_replayed for exchange in same) <= 1, same
    return [same[0] for same in by_key.values()]


def reservation_id(text: str) -> UUID:
    return UUID(text[36:68])


def _exchanges(line: dict[str, Any]) -> Iterator[Exchange]:
    customer = UUID(line["customer"][4:]) if line["customer"] else None
    answer = json.loads(line["answer"])
    if line["path"] == "/batch":
        for item, result in zip(line["body"]["operations"], answer["results"], strict=True):
            yield _item(customer, item, result)
        return
    op, reservation = _meaning(line["path"])
    yield Exchange(
        op=op,
        customer=customer,
        reservation=reservation,
        key=line["key"],
        asked=line["body"],
        status=line["status"],
        is_replayed=line["replayed"],
        answer=answer,
        text=line["answer"],
    )


def _item(customer: UUID | None, item: dict[str, Any], result: dict[str, Any]) -> Exchange:
    return Exchange(
        op=item["op"],
        customer=customer,
        reservation=reservation_id(item["reservation"]) if "reservation" in item else None,
        key=item["idempotency_key"],
        asked=item,
        status=result["status"],
        is_replayed=result["replayed"],
        answer=result["body"],
        text=json.dumps(result["body"]),
    )


def _meaning(path: str) -> tuple[str, UUID | None]:
    """`/reservations/rsv_.../commit` and the like."""
    parts = path.strip("/").split("/")
    if len(parts) == 3:
        return parts[2], reservation_id(parts[1]) if parts[0] == "reservations" else None
    return {"reservations": "reserve", "debits": "debit", "customers": "customer"}[parts[0]], None
