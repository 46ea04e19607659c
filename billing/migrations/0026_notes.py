from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

from accounts import audit
from accounts.ids import uuid7

_APPEND_ONLY = """
revoke update, delete on billing_note from drawdown_app;
grant update (pinned) on billing_note to drawdown_app
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_audit"),
        ("billing", "0025_adjustments_are_kept"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            "Note",
            [
                (
                    "id",
                    models.UUIDField(
                        default=uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("at", models.DateTimeField(db_default=Now(), editable=False)),
                ("pinned", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [models.Index(fields=["customer", "-at"], name="note_of_customer")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="note_says_something",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            "invoicecharge", models.Index(fields=["provider_ref"], name="invoice_charge_ref")
        ),
        migrations.RunSQL(_APPEND_ONLY, migrations.RunSQL.noop),
        # That there is one is told; what it says stands in it.
        audit.audited("billing_note", hidden=("text",)),
    ]
