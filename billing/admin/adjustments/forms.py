"""The form of a kind: what it needs, and nothing else."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from django import forms

from accounts import ids
from accounts.models import Customer, User
from billing.adjustments import drafts, naming, reasons
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import SHAPES
from billing.admin.adjustments import lot_choices
from billing.models import Adjustment
from billing.models import AdjustmentKind as Kind
from ledger.admin.credits import CreditsField
from ledger.ids import LOT, RESERVATION
from ledger.models import Reservation

Named = TypeVar("Named")
# Fields of the form by columns of the adjustment.
FIELD_OF: Final[Mapping[str, str]] = {
    "lot_id": "lot",
    "reservation_id": "call",
    "transaction_id": "about",
    "purchase": "about",
}


class AdjustForm(forms.Form):
    """Sent twice it is one adjustment: the page has its id."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    lot = forms.ChoiceField(error_messages={"invalid_choice": lot_choices.NO_SUCH})
    call = forms.CharField(max_length=100, help_text=f"{RESERVATION}_…, as on its page.")
    receiver = forms.CharField(
        max_length=254,
        label="To customer",
        help_text="cus_…, the external id or the e-mail of who gets them.",
    )
    credits = CreditsField()
    expires_at = forms.DateTimeField(
        label="Expires (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "A day and a time, such as 2027-01-31 23:59."},
    )
    about = forms.CharField(max_length=100, required=False, help_text=naming.ABOUT)
    reason = forms.ChoiceField(help_text="The customer reads this, in these words.")
    note = forms.CharField(
        max_length=drafts.NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 70}),
        help_text="Why, for those who read it later. The customer does not see it.",
    )

    def __init__(self, customer: Customer, kind: str, by: User, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.customer, self.kind, self.by = customer, kind, by
        shape = SHAPES[kind]
        wanted = {"id", "reason", "note"}
        wanted |= {FIELD_OF.get(name, name) for name in shape.needs}
        wanted |= {"about"} if "transaction_id" in shape.may else set()
        wanted |= set(shape.may) & {"expires_at"}
        wanted |= {"lot"} if kind == Kind.MOVE else set()
        for name in [name for name in self.fields if name not in wanted]:
            del self.fields[name]
        self._prepare(shape.needs)

    def _prepare(self, needs: tuple[str, ...]) -> None:
        self._choices("reason", [("", "Choose a reason"), *reasons.choices(self.kind)])
        if "lot" in self.fields:
            self._prepare_lot("lot_id" in needs)
        if "expires_at" in self.fields and "expires_at" not in needs:
            self.fields["expires_at"].required = False
            self.fields["expires_at"].help_text = "Empty: never."
        if self.kind == Kind.REVERSE:
            self.fields["credits"].required = False
            self.fields["credits"].help_text = "Empty: all that the call was charged."

    def _prepare_lot(self, is_needed: bool) -> None:
        first = "Choose a lot" if is_needed else "In the order of use"
        lots = lot_choices.of(self.customer, self.kind)
        self._choices("lot", [("", first), *lots])
        field = self.fields["lot"]
        field.required = is_needed
        if self.kind == Kind.REINSTATE:
            field.error_messages["invalid_choice"] = lot_choices.NOT_EXPIRED
            field.help_text = "" if lots else lot_choices.NONE_EXPIRED

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_lot(self) -> UUID | None:
        lot = self.cleaned_data["lot"]
        return ids.decode(LOT, lot) if lot else None

    def clean_call(self) -> Reservation:
        return self._named("call", partial(naming.call, self.customer))

    def clean_receiver(self) -> Customer:
        return self._named("receiver", naming.customer)

    def clean_about(self) -> Mapping[str, Any]:
        is_said = self.cleaned_data["about"].strip()
        return self._named("about", partial(naming.about, self.customer)) if is_said else {}

    def _named(self, field: str, look: Callable[[str], Named]) -> Named:
        try:
            return look(self.cleaned_data[field].strip())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def draft(self) -> Adjustment | None:
        """None where something is wrong, which the form tells then."""
        if not self.is_valid():
            return None
        said = self.cleaned_data
        call: Reservation | None = said.get("call")
        credits = said.get("credits")
        if call is not None and credits is None:
            credits = call.committed - call.reversed
        given = {
            "credits": credits,
            "expires_at": said.get("expires_at"),
            "receiver": said.get("receiver"),
            "lot_id": said.get("lot"),
            "reservation_id": call.id if call else None,
            **said.get("about", {}),
        }
        try:
            return drafts.draft(
                self.customer,
                self.kind,
                reason=said["reason"],
                note=said["note"],
                by=self.by,
                id=said["id"],
                **given,
            )
        except DraftRefused as refusal:
            self.refuse(refusal)
            return None

    def refuse(self, refusal: DraftRefused) -> None:
        for column, told in refusal.errors.items():
            names = [FIELD_OF.get(column, column), "about" if column in FIELD_OF else ""]
            self.add_error(next((name for name in names if name in self.fields), None), told)
