from django.contrib import admin
from django.utils.safestring import SafeString

from ledger.admin import shown
from ledger.admin.windows import WindowAdmin
from ledger.models import Wallet


@admin.register(Wallet)
class WalletAdmin(WindowAdmin):
    """As they were last written. What is due by now, the customer's page lets expire."""

    list_display = ["of", "free", "on_hold", "kept", "limit", "owed", "version"]
    list_display_links = None
    ordering = ["-customer_id"]

    @admin.display(description="customer")
    def of(self, wallet: Wallet) -> SafeString:
        return shown.customer(wallet.customer)

    @admin.display(description="available")
    def free(self, wallet: Wallet) -> SafeString:
        return shown.credits(wallet.available)

    @admin.display(description="held")
    def on_hold(self, wallet: Wallet) -> SafeString:
        return shown.credits(wallet.held)

    @admin.display(description="frozen")
    def kept(self, wallet: Wallet) -> SafeString:
        return shown.credits(wallet.frozen)

    @admin.display(description="credit limit")
    def limit(self, wallet: Wallet) -> SafeString:
        return shown.credits(wallet.credit_limit)

    @admin.display(description="owed")
    def owed(self, wallet: Wallet) -> SafeString:
        return shown.credits(wallet.debt)
