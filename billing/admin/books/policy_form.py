"""The choices of a finance team, each in a sentence with the paragraph that it rests on."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms

from accounts.admin import ModelForm
from billing.books.rows import value
from billing.models import Chargeback, Closing, Extension, Goodwill, Method, Policy, TaxPoint

EXPLAINED: Final = {
    "method": "At expiry is what is right until history shows what to expect; in proportion to use,"
    " expected breakage becomes revenue as the other credits are used (ASC 606-10-55-48,"
    " IFRS 15.B46).",
    "gate_waived": "In proportion to use even where history does not pass the three tests. The"
    " tests are what makes a large reversal improbable, so say elsewhere why it is waived"
    " (ASC 606-10-32-11 to 32-13).",
    "refresh_estimates": "Each close makes new estimates from the curve of use, capped at the"
    " constrained rate. Otherwise the ones that a person approved last stay in force"
    " (ASC 606-10-32-14: estimates are updated at each reporting date).",
    "comparability_broken": "Expiry, price or product change so that history says little of what"
    " comes: the gate does not pass until this is taken off (ASC 606-10-32-12).",
    "goodwill": "A lot without a price costs when it is served. As a price concession the credits"
    " join an open paid lot, and its price is spread over more of them (ASC 606-10-32-7).",
    "chargeback": "What of a lost dispute was used already: contra-revenue takes the sale back, a"
    " loss keeps the revenue, a receivable says that the customer owes it"
    " (ASC 606-10-32-7, 326-20).",
    "extension": "A lot is given longer: a catch-up restates what was recognised so far, now; as a"
    " modification nothing is reversed, and the rest is spread over the use to come"
    " (ASC 606-10-25-10 to 25-13).",
    "tax_point": "Tax is due when credits are sold, or when they are used: which, the law on"
    " vouchers decides (EU directive 2016/1065). It is never revenue (ASC 606-10-32-2A).",
    "reinstatement_grace_days": "So many days after its expiry a lot is given back as it was; later"
    " the credits are goodwill, and breakage stands. Where this is done as a habit, expiry is not"
    " real (ASC 606-10-55-48).",
    "expiry_needs_notice": "Credits end only once a mail server has taken a notice of it; until"
    " then they go on for a day, and again. Where the law on gift certificates asks for disclosure,"
    " an expiry that nobody was told of may not hold, nor its breakage (12 CFR 1005.20(e)).",
    "closing": "What becomes of what is left when an account is closed: paid credits are refunded"
    " to their payments, where a provider does that, or nothing is. It is what your terms say;"
    " what is forfeited is breakage, as if it had expired (ASC 606-10-55-48).",
    "functional_currency": "The currency of your own accounts, ISO 4217. Money received in another"
    " one is carried at the rate of its day (IFRIC 22).",
    "time_zone": "Where the books' days and months begin.",
}
FIXED: Final = "Fixed: a month was closed, and its days would begin anew."
BASICS: Final = ["functional_currency", "time_zone"]
FIELDSETS: Final[Any] = [
    (
        "Breakage",
        {"fields": ["method", "gate_waived", "comparability_broken", "refresh_estimates"]},
    ),
    (
        "Credits that change",
        {
            "fields": [
                "extension",
                "reinstatement_grace_days",
                "expiry_needs_notice",
                "goodwill",
                "closing",
            ]
        },
    ),
    ("Money", {"fields": ["chargeback", "tax_point", *BASICS]}),
]
_CHOICES: Final = {
    "method": Method,
    "goodwill": Goodwill,
    "chargeback": Chargeback,
    "extension": Extension,
    "tax_point": TaxPoint,
    "closing": Closing,
}


class PolicyForm(ModelForm):
    time_zone = forms.ChoiceField(label="Time zone of the books")

    class Meta:
        model = Policy
        exclude = ("only_row",)
        widgets = dict.fromkeys(_CHOICES, forms.RadioSelect)
        help_texts = EXPLAINED

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields.get("time_zone")
        if field is None:  # to be looked at only
            return
        assert isinstance(field, forms.ChoiceField)
        zone, is_fixed = books_zone()
        field.choices = [(name, name) for name in sorted({*available_timezones(), zone})]
        field.initial, field.disabled = zone, is_fixed
        field.help_text = f"{EXPLAINED['time_zone']} {FIXED if is_fixed else _NOT_FIXED}"

    def clean_functional_currency(self) -> str:
        code: str = self.cleaned_data["functional_currency"]
        return code.strip().upper()


_NOT_FIXED: Final = "It cannot be changed any more once a month was closed."


def books_zone() -> tuple[str, bool]:
    """The time zone of the books, and whether it is fixed."""
    zone: str = value("select time_zone from ledger_books")
    is_fixed: bool = value(
        "select coalesce(closed_through, closing_through) is not null from ledger_books"
    )
    return zone, is_fixed


def set_zone(zone: str) -> bool:
    """False, and nothing changed, once a period was closed."""
    done: bool = value("select ledger_set_time_zone(%(zone)s)", {"zone": zone})
    return done


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What was changed, in words: its history."""
    return [
        f"{_label(name)}: {_told(name, before[name])} → {_told(name, after[name])}"
        for name in after
        if name in before and before[name] != after[name]
    ]


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _told(name: str, said: Any) -> str:
    if name in _CHOICES:
        return str(_CHOICES[name](said).label)
    return {True: "yes", False: "no"}.get(said, str(said)) if isinstance(said, bool) else str(said)
