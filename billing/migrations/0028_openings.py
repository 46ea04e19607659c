"""Opening balances from another system, and the account that they come out of."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import accounts.ids
from accounts.audit import audited

CLEARING = """
insert into ledger_account (code, name, unit, type, normal)
values ('3900', 'Opening balances', 'money', 'clearing', 'debit')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0014_audit"),
        ("billing", "0027_closing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(CLEARING, "delete from ledger_account where code = '3900'"),
        migrations.CreateModel(
            name="OpeningImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=accounts.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("digest", models.CharField(help_text="SHA-256 of the file.", max_length=64)),
                ("note", models.TextField(blank=True)),
                ("lines_total", models.PositiveIntegerField(default=0)),
                ("lines_done", models.PositiveIntegerField(default=0)),
                (
                    "lines_known",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Rows that another file had before: they are not entered again.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("applying", "being entered"),
                            ("done", "entered"),
                            ("declined", "Declined"),
                            ("expired", "Expired"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("error", models.TextField(blank=True)),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "opening balances",
                "verbose_name_plural": "opening balances",
                "permissions": [
                    ("import_openings", "Can upload opening balances"),
                    ("approve_openings", "Can approve opening balances that others uploaded"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="OpeningLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField()),
                ("reference", models.CharField(max_length=100)),
                ("fingerprint", models.CharField(help_text="Of what the row says.", max_length=64)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("paid", "Paid"),
                            ("bonus", "Bonus"),
                            ("promo", "Promo"),
                            ("goodwill", "Goodwill"),
                            ("adjustment", "Adjustment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("credits", models.BigIntegerField()),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("deferred", models.BigIntegerField(default=0)),
                ("purchased_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("note", models.TextField(blank=True)),
                ("lot_id", models.UUIDField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.openingimport",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="openings_are_decided_by_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "expired"]),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="openings_are_decided_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["waiting", "applying", "done", "declined", "expired"])
                ),
                name="openings_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="openingline",
            index=models.Index(
                condition=models.Q(("lot_id__isnull", True)),
                fields=["batch", "id"],
                name="opening_not_entered",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingline",
            constraint=models.UniqueConstraint(
                fields=("reference",), name="opening_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="openingline",
            constraint=models.CheckConstraint(
                condition=models.Q(("credits__gt", 0), ("deferred__gte", 0)),
                name="opening_amounts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("deferred", 0), ("currency__regex", "^[A-Z]{3}$"), _connector="OR"
                ),
                name="opening_money_has_a_currency",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["paid", "bonus", "promo", "goodwill", "adjustment"])
                ),
                name="opening_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="openingline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("customer__isnull", False),
                    models.Q(("name", ""), _negated=True),
                    _connector="OR",
                ),
                name="opening_is_of_somebody",
            ),
        ),
        audited("billing_openingimport", customer="", quiet=("lines_done", "digest")),
    ]
