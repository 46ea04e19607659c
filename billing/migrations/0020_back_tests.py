"""What past calls would have cost under another rate card."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_keys_suspended"),
        ("billing", "0019_key_addresses_are_told"),
        ("ledger", "0011_openapi"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BackTest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "heeds_terms",
                    models.BooleanField(
                        default=True,
                        help_text="Groups, pins and customers' own prices stay as they are.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("started_at", models.DateTimeField(null=True)),
                (
                    "beat_at",
                    models.DateTimeField(help_text="When its worker last gave a sign.", null=True),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("calls_done", models.BigIntegerField(default=0)),
                ("calls_total", models.BigIntegerField(default=0)),
                ("facts", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rate_card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.ratecard",
                    ),
                ),
            ],
            options={
                "verbose_name": "back-test",
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.CreateModel(
            name="BackTestLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("calls", models.BigIntegerField()),
                ("before", models.BigIntegerField()),
                ("after", models.BigIntegerField()),
                ("money", models.JSONField(default=dict)),
                (
                    "back_test",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="billing.backtest",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.endpoint",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="backtest",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "running"])),
                fields=["id"],
                name="back_test_not_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="backtestline",
            constraint=models.UniqueConstraint(
                fields=("back_test", "customer", "endpoint"),
                name="back_test_line_unique",
                nulls_distinct=False,
            ),
        ),
    ]
