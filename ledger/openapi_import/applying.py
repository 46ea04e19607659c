"""A file is imported: all of it or nothing, in one database transaction. Endpoints that are gone
from it stay as they are, and what was paid or held stays priced as it was."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from ledger import selectors
from ledger.models import Endpoint, OpenApiFile, OpenApiOperation, RateCard
from ledger.openapi_import import documents, lines, validation
from ledger.openapi_import.comparing import (
    Change,
    Comparison,
    State,
    compare,
    cost_of,
    place,
)
from ledger.openapi_import.described import Description, describe
from ledger.openapi_import.documents import Document
from ledger.openapi_import.errors import FileRefused, Problem
from ledger.prices import rate_cards

# Two files at once would give one code twice.
_ONE_AT_A_TIME: Final = "select pg_advisory_xact_lock(hashtext('drawdown openapi import'))"


class Read(NamedTuple):
    document: Document
    description: Description


class Imported(NamedTuple):
    comparison: Comparison
    card: RateCard | None


def read(raw: bytes) -> Read:
    """Raises FileRefused."""
    document = documents.read(raw)
    validation.check(document)
    return Read(document, describe(document))


def preview(file: Read, *, api: str = "", card: RateCard | None = None) -> Comparison:
    """What `run` would do. Raises FileRefused."""
    api = api or file.description.title
    if card is not None and card.published_at is not None:
        raise _refused(f"Rate card {card.name} is published: name a draft, or none.")
    draft = card or _draft_of(api)
    base = draft or _in_force()
    return compare(file.document, file.description, api=api, base=base, is_draft=draft is not None)


@transaction.atomic
def run(
    file: Read, stored: OpenApiFile, *, api: str = "", card: RateCard | None = None
) -> Imported:
    """Raises FileRefused."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME)
    comparison = preview(file, api=api, card=card)
    draft = _draft(comparison) if comparison.needs_draft else comparison.draft
    if draft is not None:
        rate_cards.locked_draft(draft)
    _clear_places(comparison.changes)
    for change in comparison.changes:
        if change.operation is not None:
            endpoint = _save(change, comparison.api)
            if draft is not None:
                lines.write(draft, endpoint, change.line, cost_of(change))
    stored.api, stored.version = comparison.api, comparison.version[:100]
    stored.imported_at, stored.rate_card = timezone.now(), draft
    stored.counts = {state.value: comparison.count(state) for state in State}
    stored.save()
    return Imported(comparison, draft)


@transaction.atomic
def import_at_once(raw: bytes, file: Read, *, api: str, card: RateCard | None) -> Imported:
    """Raises FileRefused."""
    return run(file, store(raw, file, api=api), api=api, card=card)


def store(raw: bytes, file: Read, *, api: str = "", by: User | None = None) -> OpenApiFile:
    """To be looked at. Whoever uploads anew has done with what was not confirmed."""
    if by is not None:
        OpenApiFile.objects.filter(created_by=by, imported_at=None).delete()
    return OpenApiFile.objects.create(
        api=api or file.description.title,
        version=file.description.version[:100],
        text=raw.decode("utf-8-sig"),
        created_by=by,
    )


def _draft_of(api: str) -> RateCard | None:
    """The last that a file of this API has filled, while it is a draft."""
    files = OpenApiFile.objects.filter(api=api, imported_at__isnull=False)
    found = files.filter(rate_card__isnull=False).order_by("-imported_at").first()
    card = found.rate_card if found else None
    return card if card and card.published_at is None else None


def _in_force() -> RateCard | None:
    """Everyone's."""
    return rate_cards.in_force(None, selectors.now())


def _draft(comparison: Comparison) -> RateCard:
    """With the prices in force, so that published it takes nothing away."""
    if comparison.draft is not None:
        return comparison.draft
    in_force = _in_force()
    if in_force is not None:
        return rate_cards.copy_card(in_force)
    return rate_cards.create_card(name=rate_cards.new_name(), effective_at=timezone.now())


def _clear_places(changes: Iterable[Change]) -> None:
    """Two that change places would meet."""
    moved = [
        change.before.endpoint.id
        for change in changes
        if change.state == State.MOVED and change.before
    ]
    Endpoint.objects.filter(id__in=moved).update(path_template="")


def _save(change: Change, api: str) -> Endpoint:
    operation, before = change.operation, change.before
    assert operation is not None
    if before is None:
        endpoint = rate_cards.create_endpoint(
            code=change.code,
            name=operation.name,
            method=operation.method,
            path_template=operation.template,
        )
    else:
        endpoint = before.endpoint
        if change.state != State.UNCHANGED:
            endpoint.name, endpoint.method = operation.name, operation.method
            endpoint.path_template = operation.template
            rate_cards.save_endpoint(endpoint)
    told = {"api": api, "operation_id": operation.operation_id, "place": place(operation)}
    OpenApiOperation.objects.update_or_create(endpoint=endpoint, defaults=told)
    return endpoint


def _refused(detail: str) -> FileRefused:
    return FileRefused([Problem(None, (), detail)])
