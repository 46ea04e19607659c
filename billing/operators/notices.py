"""Notices begin and end: each is a row, with which is written what is owed for it."""

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from billing import mails
from billing.models import NoticeCall, NoticeKind, OperatorNotice, Phase


class Said(NamedTuple):
    """`page` is a path; `subject` tells what of, where a kind may be open of several."""

    title: str
    text: str
    page: str
    subject: str = ""


def settle(kind: NoticeKind, found: Sequence[Said]) -> None:
    """These are so, and nothing else of this kind is. Said again, nobody is told again."""
    for said in found:
        _begin(kind, said)
    is_open = OperatorNotice.objects.filter(kind=kind, ended_at=None)
    for notice in is_open.exclude(subject__in=[said.subject for said in found]):
        _end(notice)


def tell(kind: NoticeKind, said: Said) -> None:
    """It happened, and is over."""
    _begin(kind, said, ended_at=Now())


def _begin(kind: NoticeKind, said: Said, *, ended_at: Now | None = None) -> None:
    of_it = OperatorNotice.objects.filter(kind=kind, subject=said.subject)
    if of_it.filter(ended_at=None).exists():
        return
    try:
        with transaction.atomic():
            notice = OperatorNotice.objects.create(kind=kind, ended_at=ended_at, **said._asdict())
            _owe(notice, Phase.BEGAN)
    except IntegrityError:
        # Somebody else was first.
        return


def _end(notice: OperatorNotice) -> None:
    with transaction.atomic():
        ended = OperatorNotice.objects.filter(pk=notice.pk, ended_at=None).update(ended_at=Now())
        if ended:
            _owe(notice, Phase.ENDED)


def _owe(notice: OperatorNotice, phase: Phase) -> None:
    mails.write(
        notice.kind,
        f"{notice.pk} {phase}",
        to=settings.OPERATORS,
        template="operator_notice",
        context={"notice": notice, "is_over": phase == Phase.ENDED, "page": url(notice)},
    )
    if settings.OPERATORS_WEBHOOK_URL:
        NoticeCall.objects.create(notice=notice, phase=phase)


def url(notice: OperatorNotice) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}{notice.page}"
