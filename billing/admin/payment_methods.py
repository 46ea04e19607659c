"""Cards that customers saved: which they are, and no more of them than the provider tells."""

from django.contrib import admin
from django.utils.safestring import SafeString

from billing.admin.acts.cards import RETIRE_CARD
from billing.admin.windows import BillingWindow, ProviderFilter
from billing.models import PaymentMethod
from ledger.admin import shown


@admin.register(PaymentMethod)
class PaymentMethodAdmin(BillingWindow):
    list_display = ["card", "of", "provider", "until", "saved", "retired"]
    list_filter = [("removed_at", admin.EmptyFieldListFilter), ProviderFilter]
    search_help_text = "A customer's name, e-mail or external id; cus_…"
    fields = ["card", "of", "provider", "until", "saved", "retired"]
    acts = [RETIRE_CARD]

    @admin.display
    def card(self, card: PaymentMethod) -> str:
        return str(card)

    @admin.display(description="customer")
    def of(self, card: PaymentMethod) -> SafeString:
        return shown.customer(card.customer)

    @admin.display(description="expires")
    def until(self, card: PaymentMethod) -> str:
        return f"{card.exp_month:02}/{card.exp_year}" if card.exp_month and card.exp_year else "-"

    @admin.display
    def saved(self, card: PaymentMethod) -> str:
        return shown.instant(card.created_at)

    @admin.display
    def retired(self, card: PaymentMethod) -> str:
        return shown.instant(card.removed_at)
