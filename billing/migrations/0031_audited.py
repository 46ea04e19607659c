"""What people and services change here is entered in the audit."""

from django.db import migrations

from accounts.audit import audited

_STANDING = ("failures", "failing_since", "rests_until", "leased_until")
_SENT = ("attempts", "due_at", "delivered_at", "body")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_audit"), ("billing", "0030_dashboard")]

    operations = [
        # What is sold, and at what tax
        audited("billing_pack"),
        audited("billing_packprice", customer=""),
        audited("billing_taxrate", customer=""),
        audited("billing_plan", customer=""),
        audited("billing_endpointcost", customer=""),
        audited("billing_margintarget", customer="", row="endpoint_id"),
        audited("billing_backtest", customer="", quiet=("beat_at", "calls_done", "facts")),
        # Who buys, and how it is paid
        audited("billing_billingprofile", row="customer_id"),
        audited("billing_paymentmethod", hidden=("ref", "customer_ref")),
        audited("billing_purchase", hidden=("checkout_url", "key")),
        audited("billing_refund", customer=""),
        audited("billing_dispute", customer=""),
        audited("billing_subscription"),
        audited("billing_invoice"),
        audited("billing_topupsettings", row="customer_id"),
        audited("billing_cardbreaker", customer="", row="card_id"),
        audited("billing_providerevent", customer="", quiet=("payload",)),
        # What is told to whom
        audited("billing_alertsettings", row="customer_id"),
        audited("billing_alertthreshold", customer="settings_id"),
        audited("billing_notificationpreference", row="customer_id"),
        audited("billing_webhookendpoint", hidden=("previous_secret",), quiet=_STANDING),
        audited("billing_webhookdelivery", customer="", quiet=_SENT),
        # The books
        audited("billing_policy", customer="", row="only_row"),
        audited("billing_escheatclass", customer=""),
        audited("billing_exchangerate", customer=""),
        audited("billing_accountname", customer=""),
        audited("billing_estimate", customer="", quiet=("hazards", "inputs")),
        audited("billing_period", customer="", row="month"),
        audited("billing_reopenrequest", customer=""),
        audited("billing_unclaimedproperty"),
        audited("billing_modification"),
        audited("billing_bookscheck", customer=""),
        # Partners
        audited("billing_partner", customer=""),
        audited("billing_partnerterm", customer=""),
        audited("billing_partnerpayout", customer=""),
    ]
