"""Acts that are confirmed: a page says what will happen to what, and then it is done, once.

What is confirmed is done to what was shown and to nothing else: where that has changed meanwhile,
nothing is done, and the page is shown anew. The same page sent twice has one effect.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import audit
from accounts.errors import AccountsError
from accounts.ids import uuid7
from accounts.models import Confirmation, User

DONE_BEFORE: Final = "This was done already; nothing was done again."
CHANGED: Final = "Something changed since this page was shown, so nothing was done. Look again."
NOTHING: Final = "There is nothing here that it can be done to."


class Target(NamedTuple):
    """One thing that it is done to. `now` is how it stands in words, which must not change until it
    is confirmed; or else `mark` must not. With a `refusal` it is left out."""

    key: str
    name: str
    about: models.Model | tuple[str, str]
    now: str
    will: str = ""
    refusal: str = ""
    page: str = ""
    mark: str = ""
    customer_id: UUID | None = None


class Deed(NamedTuple):
    """What was confirmed: `target` as it was shown."""

    by: User
    reason: str
    token: UUID
    target: Target


@dataclass(frozen=True)
class Act:
    """`done` is its name in the audit. `look` tells of a row as it is now to whom asks, `do` does
    it to one and says what was done; it raises one of `refusals`, after which none of the rows was
    changed. What asks somebody `outside` is no database transaction: of several rows, those before
    it are done. `details` are for a template of its own.
    """

    code: str
    done: str
    permission: str
    verb: str
    consequence: str
    look: Callable[[Any, User], Target]
    do: Callable[[Any, Deed], str]
    asks_why: bool = False
    outside: bool = False
    refusals: tuple[type[Exception], ...] = (AccountsError,)
    template: str = "admin/confirm.html"
    details: Callable[[Sequence[Any], User], dict[str, Any]] | None = None


# The rows, locked where that is said.
Load = Callable[[bool], Sequence[Any]]


class Changed(Exception):
    detail = CHANGED


class DoneBefore(Exception):
    pass


class ConfirmForm(forms.Form):
    token = forms.UUIDField(widget=forms.HiddenInput)
    state = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="It stands in the audit.",
    )

    def __init__(self, act: Act, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if not act.asks_why:
            del self.fields["reason"]


def page(
    request: HttpRequest,
    act: Act,
    load: Load,
    *,
    back: str,
    context: dict[str, Any],
) -> HttpResponse:
    """GET shows what would happen, POST does it. `context` is the site's."""
    by = request.user
    if not isinstance(by, User) or not by.has_perm(act.permission):
        raise PermissionDenied
    form, refusal = ConfirmForm(act, request.POST or None), ""
    refusals: tuple[type[Exception], ...] = (Changed, *act.refusals)
    if request.method == "POST" and form.is_valid():
        try:
            _say(request, _do(by, act, load, form.cleaned_data))
            return redirect(back)
        except DoneBefore:
            messages.info(request, DONE_BEFORE)
            return redirect(back)
        except refusals as refused:
            refusal = str(getattr(refused, "detail", refused))
    rows = load(False)
    if not rows:
        raise Http404
    targets = [act.look(row, by) for row in rows]
    told = _told(request, act, targets, form, refusal) | {"back": back}
    told |= act.details(rows, by) if act.details else {}
    return render(request, act.template, context | told, status=409 if refusal else 200)


def fingerprint(targets: Sequence[Target]) -> str:
    """Of what is confirmed."""
    told = [(one.key, one.mark or one.now, one.refusal) for one in targets]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def once(token: UUID, act: str, by: User) -> None:
    """In a database transaction, which alone may use this token. Raises DoneBefore."""
    try:
        with transaction.atomic():
            Confirmation.objects.create(token=token, act=act, by=by)
    except IntegrityError:
        raise DoneBefore from None


def _do(by: User, act: Act, load: Load, said: dict[str, Any]) -> list[str]:
    """Raises DoneBefore, Changed, and what the act refuses."""
    with transaction.atomic():
        once(said["token"], act.done, by)
        rows = load(True)
        targets = [act.look(row, by) for row in rows]
        if fingerprint(targets) != said["state"]:
            raise Changed
        todo = [
            (row, Deed(by, said.get("reason", ""), said["token"], target))
            for row, target in zip(rows, targets, strict=True)
            if not target.refusal
        ]
        if not act.outside:
            return [_do_one(act, row, deed) for row, deed in todo]
    return [_do_one(act, row, deed) for row, deed in todo]


def _do_one(act: Act, row: Any, deed: Deed) -> str:
    told, target = act.do(row, deed), deed.target
    after = {"done": told} | ({"reason": deed.reason} if deed.reason else {})
    with transaction.atomic():
        audit.record(
            act.done,
            target.about,
            customer_id=target.customer_id,
            before={"now": target.now},
            after=after,
        )
    return told


def _say(request: HttpRequest, told: Sequence[str]) -> None:
    if not told:
        messages.warning(request, NOTHING)
    for line in told:
        messages.success(request, line)


def _told(
    request: HttpRequest, act: Act, targets: Sequence[Target], form: ConfirmForm, refusal: str
) -> dict[str, Any]:
    new = {"token": uuid7(), "state": fingerprint(targets)}
    reason = form.data.get("reason", "")
    shown = ConfirmForm(act, initial=new | {"reason": reason})
    # A field that was not filled in says so; what is hidden is of the page as it is now.
    is_sent = request.method == "POST" and not refusal
    wrong = list(form.errors.get("reason", [])) if is_sent else []
    return {
        "title": f"{act.verb}: {targets[0].name}" if len(targets) == 1 else act.verb,
        "act": act,
        "targets": targets,
        "may": any(not target.refusal for target in targets),
        "form": shown,
        "wrong": wrong,
        "refusal": refusal,
    }
