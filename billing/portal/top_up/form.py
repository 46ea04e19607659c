"""What a top-up is agreed to be, as people type it."""

from decimal import Decimal
from typing import Any, Final

from django import forms

from accounts.models import Customer
from billing import selectors, shown
from billing.models import CardBreaker, Pack, PackPrice, PaymentMethod, TopUpSettings
from billing.portal import typed_credits
from billing.portal.purchases import shop
from billing.top_up import wording
from billing.top_up.agreeing import Terms
from ledger import money
from ledger.errors import MalformedMoney

_NUMBER: Final = {"inputmode": "decimal", "autocomplete": "off"}


class TopUpForm(forms.Form):
    """In two steps: first what it means is shown, then that is agreed to. `seen` is what was."""

    threshold = forms.CharField(
        max_length=30,
        label="When I fall to",
        help_text="Credits that are available.",
        widget=forms.TextInput(attrs=_NUMBER),
    )
    target = forms.CharField(
        max_length=30,
        label="Bring me back to",
        help_text="Or just above it: whole packs are bought, all in one charge.",
        widget=forms.TextInput(attrs=_NUMBER),
    )
    pack = forms.ChoiceField(label="By buying")
    cap = forms.DecimalField(
        label="At most a month",
        min_value=Decimal("0.001"),
        error_messages={"min_value": "Write an amount above zero."},
        max_digits=12,
        help_text="In the pack's currency, tax included. A month is a calendar month in UTC.",
        widget=forms.TextInput(attrs=_NUMBER),
    )
    card = forms.ChoiceField(label="Charge")
    suspend_keys = forms.BooleanField(
        required=False,
        label="Suspend our keys while a payment is owed",
        help_text="Where a charge failed and no credits are left, calls with your keys are refused "
        "until it is paid, even within a credit limit.",
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    agreed = forms.BooleanField(required=False)

    def __init__(self, customer: Customer, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._prices = {_code(price): price for price in _prices(customer)}
        self._cards = {str(card.id): card for card in selectors.payment_methods_of(customer)}
        self.fields["pack"] = forms.ChoiceField(
            label="By buying",
            choices=[(code, _offer(price)) for code, price in self._prices.items()],
        )
        self.fields["card"] = forms.ChoiceField(
            label="Charge", choices=[(id, _named(card)) for id, card in self._cards.items()]
        )

    def clean_threshold(self) -> int:
        return _credits(self.cleaned_data["threshold"])

    def clean_target(self) -> int:
        return _credits(self.cleaned_data["target"])

    def clean(self) -> None:
        price = self._prices.get(self.cleaned_data.get("pack", ""))
        cap = self.cleaned_data.get("cap")
        if price is not None and cap is not None:
            currency = price.price.currency.code
            try:
                parsed = money.parse({"amount": f"{cap:f}", "currency": currency})
                self.cleaned_data["minor"] = parsed.amount
            except MalformedMoney as wrong:
                self.add_error("cap", wrong.detail)

    def terms(self) -> Terms:
        """Of a form without errors."""
        said = self.cleaned_data
        price = self._prices[said["pack"]]
        return Terms(
            threshold=said["threshold"],
            target=said["target"],
            pack=price.pack,
            currency=price.price.currency.code,
            cap=said["minor"],
            card=self._card(said["card"]),
            suspend_keys=said["suspend_keys"],
        )

    def _card(self, id: str) -> PaymentMethod:
        return self._cards[id]


def as_typed(agreement: TopUpSettings) -> dict[str, Any]:
    """To begin with: what holds now."""
    cap = money.show(agreement.cap, agreement.currency)["amount"]
    return {
        "threshold": shown.credits(agreement.threshold),
        "target": shown.credits(agreement.target),
        "pack": f"{agreement.pack.code} {agreement.currency}",
        "cap": cap,
        "card": str(agreement.card_id),
        "suspend_keys": agreement.suspend_keys,
    }


def _named(card: PaymentMethod) -> str:
    is_declined = CardBreaker.objects.filter(card=card, opened_at__isnull=False).exists()
    return f"{wording.card(card)} (declined)" if is_declined else wording.card(card)


def _prices(customer: Customer) -> list[PackPrice]:
    """Those in the customer's own currency first, the cheapest first."""
    own = shop.currency_for(customer)
    found = PackPrice.objects.filter(pack__in=selectors.packs_on_sale(customer))
    prices = found.select_related("pack").order_by("price_currency", "price", "pack__code")
    return sorted(prices, key=lambda price: price.price.currency.code != own)


def _code(price: PackPrice) -> str:
    return f"{price.pack.code} {price.price.currency.code}"


def _offer(price: PackPrice) -> str:
    pack: Pack = price.pack
    credits = shown.credits(pack.credits + pack.bonus_credits)
    net = shown.money(price.price.get_amount_in_sub_unit(), price.price.currency.code)
    return f"{pack.name}: {credits} credits for {net}"


def _credits(text: str) -> int:
    try:
        return typed_credits.parse(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None
