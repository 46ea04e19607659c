"""Usage that is reported after the fact: when it was done, and what a customer could not cover."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_limits_of_keys_and_sandboxes"),
        ("ledger", "0009_limits"),
    ]

    operations = [
        migrations.CreateModel(
            name="UsageTerms",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="usage_terms",
                        serialize=False,
                        to="accounts.customer",
                    ),
                ),
                (
                    "shortage",
                    models.CharField(
                        choices=[
                            ("refuse", "Refused, into the list of refused events"),
                            ("debt", "Posted below the credit limit"),
                        ],
                        default="refuse",
                        max_length=10,
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["changed_at"], name="usage_terms_changed_at")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("shortage__in", ["refuse", "debt"])),
                        name="usage_terms_shortage",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RefusedEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.UUIDField()),
                ("service_id", models.IntegerField()),
                ("source", models.TextField()),
                ("event_id", models.TextField()),
                ("endpoint", models.TextField()),
                ("happened_at", models.DateTimeField()),
                ("event", models.JSONField()),
                ("operation", models.JSONField()),
                ("reason", models.CharField(max_length=50)),
                ("required", models.BigIntegerField()),
                ("available", models.BigIntegerField()),
                ("times", models.IntegerField(db_default=1)),
                (
                    "received_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "last_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("posted", "Posted"),
                            ("dismissed", "Dismissed"),
                        ],
                        db_default="waiting",
                        max_length=10,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.TextField(null=True)),
                ("closed_reason", models.TextField(null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view", "change"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")),
                        fields=["customer", "id"],
                        name="refused_event_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("customer", "key"), name="refused_event_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["waiting", "posted", "dismissed"])),
                        name="refused_event_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "waiting")),
                            models.Q(
                                models.Q(("state", "waiting"), _negated=True),
                                ("closed_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="refused_event_closed_when_it_ends",
                    ),
                ],
            },
        ),
        sql.later("usage_events"),
        *sql.functions(since=sql.SINCE_LIMITS),
    ]
