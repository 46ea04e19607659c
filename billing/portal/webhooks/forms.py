from typing import Any

from django import forms

from billing.models import DeliveryState
from billing.models.webhooks_out import URL_MAX
from billing.webhooks_out.catalogue import BY_NAME, TYPES

_CHOICES = [(one.name, one.name) for one in TYPES]


class EndpointForm(forms.Form):
    url = forms.CharField(
        max_length=URL_MAX,
        label="Address",
        help_text="Where each event is posted to. It begins with https:// and is reached publicly.",
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        max_length=200, required=False, help_text="For you and your colleagues."
    )
    types = forms.MultipleChoiceField(
        choices=_CHOICES,
        required=False,
        label="Events",
        help_text="None chosen: all of them, and those that are new one day.",
        widget=forms.CheckboxSelectMultiple,
    )


class NewEndpointForm(EndpointForm):
    """`key` is new on every page that shows the form: sent twice, it is one endpoint."""

    key = forms.UUIDField(widget=forms.HiddenInput)


class LogForm(forms.Form):
    """Which deliveries are shown. What cannot be read is not filtered by."""

    state = forms.ChoiceField(
        required=False, choices=[("", "All states"), *DeliveryState.choices], label="State"
    )
    kind = forms.ChoiceField(
        required=False, choices=[("", "All events"), *((name, name) for name in BY_NAME)]
    )
    since = forms.DateField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].label = "Event"


_MOMENT = {"type": "datetime-local"}
_FORMAT = "%Y-%m-%dT%H:%M"


class RangeForm(forms.Form):
    """Which deliveries are sent again, by when their events happened, in UTC."""

    since = forms.DateTimeField(
        label="From (UTC)", widget=forms.DateTimeInput(attrs=_MOMENT, format=_FORMAT)
    )
    until = forms.DateTimeField(
        label="To (UTC)", widget=forms.DateTimeInput(attrs=_MOMENT, format=_FORMAT)
    )
    every = forms.BooleanField(
        required=False,
        label="Those that were delivered, too",
        help_text="Receivers know them again by their webhook-id.",
    )

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since >= until:
            self.add_error("until", "This must be after the beginning.")
