"""The form of a kind: what it needs, and nothing else."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import Q

from accounts import ids
from accounts.errors import InvalidId
from accounts.models import Customer, User
from billing import figures
from billing.adjustments import drafts, reasons
from billing.adjustments.errors import DraftRefused
from billing.adjustments.kinds import SHAPES
from billing.models import Adjustment, Purchase
from billing.models import AdjustmentKind as Kind
from billing.models.purchases import PURCHASE
from ledger import selectors
from ledger.admin.credits import CreditsField
from ledger.ids import LOT, RESERVATION, TRANSACTION, decode_reservation
from ledger.models import Lot, Reservation

LOTS_MAX: Final = 200
# Fields of the form by columns of the adjustment.
FIELD_OF: Final[Mapping[str, str]] = {
    "lot_id": "lot",
    "reservation_id": "call",
    "transaction_id": "about",
    "purchase": "about",
}
_ABOUT: Final = f"What it corrects: {LOT}_…, {RESERVATION}_…, {TRANSACTION}_… or {PURCHASE}_…"


class AdjustForm(forms.Form):
    """Sent twice it is one adjustment: the page has its id."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    lot = forms.ChoiceField(error_messages={"invalid_choice": "The customer has no such lot."})
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
    about = forms.CharField(max_length=100, required=False, help_text=_ABOUT)
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
            first = "Choose a lot" if "lot_id" in needs else "In the order of use"
            self._choices("lot", [("", first), *_lots(self.customer, self.kind)])
            self.fields["lot"].required = "lot_id" in needs
        if "expires_at" in self.fields and "expires_at" not in needs:
            self.fields["expires_at"].required = False
            self.fields["expires_at"].help_text = "Empty: never."
        if self.kind == Kind.REVERSE:
            self.fields["credits"].required = False
            self.fields["credits"].help_text = "Empty: all that the call was charged."

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean_lot(self) -> UUID | None:
        lot = self.cleaned_data["lot"]
        return ids.decode(LOT, lot) if lot else None

    def clean_call(self) -> Reservation:
        term = self.cleaned_data["call"].strip()
        try:
            name = decode_reservation(term)
        except InvalidId:
            raise forms.ValidationError(f"A call is named {RESERVATION}_…") from None
        found = Reservation.objects.filter(customer=self.customer, id=name.id).first()
        if found is None or name.customer_id != self.customer.pk:
            raise forms.ValidationError("The customer made no such call.")
        return found

    def clean_receiver(self) -> Customer:
        term = self.cleaned_data["receiver"].strip()
        try:
            named = Q(id=ids.decode(ids.CUSTOMER, term))
        except InvalidId:
            named = Q(external_id=term) | Q(email__iexact=term)
        found = list(Customer.objects.filter(named, sandbox_of=None)[:2])
        if len(found) != 1:
            told = "Several customers are called so: give cus_…" if found else "No such customer."
            raise forms.ValidationError(told)
        return found[0]

    def clean_about(self) -> dict[str, Any]:
        term = self.cleaned_data["about"].strip()
        return _about(self.customer, term) if term else {}

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


def _lots(customer: Customer, kind: str) -> list[tuple[str, str]]:
    """Those that the kind is about, in words."""
    found = Lot.objects.filter(customer=customer)
    now = selectors.now(customer.pk)
    if kind == Kind.REINSTATE:
        found = found.filter(escheat_class=None).order_by("-seq")
    else:
        found = found.filter(open=True).order_by("priority", "expires_at", "paid", "seq")
    if kind == Kind.VOID:
        found = found.filter(paid=False)
    if kind == Kind.EXTEND:
        found = found.filter(expires_at__gt=now)
    return [(ids.encode(LOT, lot.id), _in_words(lot)) for lot in found[:LOTS_MAX]]


def _in_words(lot: Lot) -> str:
    free = figures.credits(lot.remaining - lot.held - lot.frozen)
    ends = f"expires {lot.expires_at:%Y-%m-%d}" if lot.expires_at else "never expires"
    frozen = ", frozen" if lot.frozen else ""
    return f"Lot {lot.seq}, {lot.kind}: {free} free of {figures.credits(lot.units)}, {ends}{frozen}"


def _about(customer: Customer, term: str) -> dict[str, Any]:
    """The column that a name is of. Raises ValidationError."""
    prefix = term.partition("_")[0]
    try:
        if prefix == RESERVATION:
            return {"reservation_id": decode_reservation(term).id}
        if prefix == PURCHASE:
            own = Purchase.objects.filter(customer=customer, id=ids.decode(PURCHASE, term))
            if not own:
                raise forms.ValidationError("The customer bought nothing of that name.")
            return {"purchase": own[0]}
        columns = {LOT: "lot_id", TRANSACTION: "transaction_id"}
        if prefix in columns:
            return {columns[prefix]: ids.decode(prefix, term)}
    except InvalidId:
        pass
    raise forms.ValidationError(f"{_ABOUT}.")
