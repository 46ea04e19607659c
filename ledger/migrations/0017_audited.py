"""What people and services change of prices and terms is entered in the audit. The core has its own
history, and no triggers."""

from django.db import migrations

from accounts.audit import audited


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_audit"), ("ledger", "0016_company_sums")]

    operations = [
        audited("ledger_endpoint", customer=""),
        audited("ledger_pricegroup", customer=""),
        audited("ledger_ratecard"),
        audited("ledger_price", customer=""),
        audited("ledger_openline", customer=""),
        audited("ledger_priceterms", row="customer_id"),
        audited("ledger_usageterms", row="customer_id"),
        audited("ledger_openapifile", customer=""),
        audited("ledger_openapioperation", customer=""),
        audited("ledger_refusedevent", quiet=("received_at", "last_at", "times", "operation")),
    ]
