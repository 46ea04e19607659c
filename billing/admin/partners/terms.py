"""Terms are agreed to and ended; what they are for is never changed: others follow them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts.admin import KeptAdmin, ModelForm
from accounts.models import User
from billing import partners
from billing.admin.partners.shares import share_of, times_of
from billing.books import periods
from billing.models import PartnerTerm
from billing.partners.errors import PartnerError
from billing.partners.terms import day_of
from ledger import selectors
from ledger.admin.rate_cards import CreditsField

_LAST = "The first day on which they hold no more; empty: they hold on."


class AgreeForm(ModelForm):
    """Agreed to while it is looked at, in the database transaction of the page: what is refused is
    said beside the fields."""

    starts_on = forms.DateField(
        widget=AdminDateWidget,
        help_text="In the time zone of the books: today (from now on) or later, never earlier.",
    )
    ends_on = forms.DateField(widget=AdminDateWidget, required=False, help_text=_LAST)
    credits = CreditsField(
        required=False, help_text="Or: of each call its first so many, at their cost."
    )
    by: User | None = None

    class Meta:
        model = PartnerTerm
        fields = ("partner", "endpoint", "percent", "credits")

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        if self.errors:
            return said
        try:
            self.instance = partners.agree(
                said["partner"],
                said["endpoint"],
                percent=said["percent"],
                credits=said["credits"],
                starts_on=said["starts_on"],
                ends_on=said["ends_on"],
                by=self.by,
            )
        except PartnerError as refusal:
            raise ValidationError(refusal.detail) from refusal
        return said

    def _post_clean(self) -> None:
        """The row is made already."""


class EndForm(ModelForm):
    ends_on = forms.DateField(widget=AdminDateWidget, help_text=f"{_LAST} Today: from now on.")

    class Meta:
        model = PartnerTerm
        fields = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.ends_at:
            self.initial["ends_on"] = day_of(self.instance.ends_at)

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        if "ends_on" in said:
            try:
                self.instance = partners.end(self.instance, said["ends_on"])
            except PartnerError as refusal:
                raise ValidationError(refusal.detail) from refusal
        return said

    def _post_clean(self) -> None:
        """The row is changed already."""


@admin.register(PartnerTerm)
class PartnerTermAdmin(KeptAdmin):
    list_display = ["endpoint", "partner", "share", "times"]
    list_filter = ["partner"]
    list_select_related = ["endpoint", "partner"]
    search_fields = ["endpoint__code", "partner__name", "partner__code"]
    ordering = ["-starts_at", "-id"]

    def get_form(
        self,
        request: HttpRequest,
        obj: PartnerTerm | None = None,
        change: bool = False,
        **more: Any,
    ) -> Any:
        if change and not self.has_change_permission(request, obj):
            return super().get_form(request, obj, change=change, **more)
        if change and obj is not None:
            return EndForm
        form = super().get_form(request, obj, change=change, form=AgreeForm, fields=_AGREED[:4])
        return type("AgreeForm", (form,), {"by": request.user})

    def get_fields(self, request: HttpRequest, obj: PartnerTerm | None = None) -> Any:
        if obj is None:
            return [*_AGREED]
        shown = ["partner", "endpoint", "share", "times", "created_by"]
        return [*shown, "ends_on"] if self.has_change_permission(request, obj) else shown

    def get_readonly_fields(
        self, request: HttpRequest, obj: PartnerTerm | None = None
    ) -> list[str]:
        return ["partner", "endpoint", "share", "times", "created_by"] if obj else []

    def has_change_permission(self, request: HttpRequest, obj: PartnerTerm | None = None) -> bool:
        to_come = obj is None or not obj.is_over(selectors.now())
        return to_come and super().has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_on": periods.today()} | super().get_changeform_initial_data(request)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> PartnerTerm:
        term: PartnerTerm = form.instance
        return term

    def save_model(self, request: HttpRequest, obj: PartnerTerm, form: Any, change: bool) -> None:
        """The form has."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is related."""

    @admin.display
    def share(self, term: PartnerTerm) -> str:
        return share_of(term)

    @admin.display(description="hold")
    def times(self, term: PartnerTerm) -> str:
        return times_of(term)


_AGREED = ("partner", "endpoint", "percent", "credits", "starts_on", "ends_on")
