"""Endpoints that come from OpenAPI files, and lines of a draft whose price is to be filled in."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0010_usage_events"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OpenApiFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("api", models.CharField(max_length=200)),
                ("version", models.CharField(max_length=100)),
                ("text", models.TextField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("imported_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
                (
                    "created_by",
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.ratecard",
                    ),
                ),
            ],
            options={
                "verbose_name": "OpenAPI file",
            },
        ),
        migrations.CreateModel(
            name="OpenApiOperation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("api", models.CharField(max_length=200)),
                ("operation_id", models.TextField(blank=True)),
                (
                    "place",
                    models.TextField(
                        help_text="Its method and path, without the placeholders' names."
                    ),
                ),
                (
                    "endpoint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="openapi_operation",
                        to="ledger.endpoint",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("operation_id", ""), _negated=True),
                        fields=("api", "operation_id"),
                        name="openapi_operation_unique",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.endpoint",
                    ),
                ),
                (
                    "rate_card",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="open_lines",
                        to="ledger.ratecard",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("rate_card", "endpoint"), name="open_line_unique"
                    )
                ],
            },
        ),
    ]
