"""Who changed what: the application reads it, and adds to it by a function only."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from accounts import audit


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_staff_roles"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("key_id", models.UUIDField(null=True)),
                (
                    "via",
                    models.CharField(
                        choices=[
                            ("admin", "Admin"),
                            ("portal", "Portal"),
                            ("api", "API"),
                            ("system", "System"),
                        ],
                        max_length=8,
                    ),
                ),
                ("action", models.CharField(max_length=100)),
                ("table", models.CharField(max_length=63)),
                ("row", models.TextField()),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("address", models.GenericIPAddressField(null=True)),
                ("request_id", models.CharField(blank=True, max_length=128)),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "indexes": [
                    models.Index(fields=["customer", "id"], name="auditentry_customer"),
                    models.Index(fields=["person", "id"], name="auditentry_person"),
                    models.Index(fields=["row", "id"], name="auditentry_row"),
                    models.Index(fields=["action", "id"], name="auditentry_action"),
                    models.Index(fields=["at"], name="auditentry_at"),
                    models.Index(fields=["request_id"], name="auditentry_request"),
                ],
            },
        ),
        migrations.RunSQL(
            "revoke all on accounts_auditentry from drawdown_app;"
            " revoke all on sequence accounts_auditentry_id_seq from drawdown_app;"
            " grant select on accounts_auditentry to drawdown_app",
            migrations.RunSQL.noop,
        ),
        *audit.functions(),
        audit.audited("accounts_customer", customer="id"),
        audit.audited("accounts_user", customer=""),
    ]
