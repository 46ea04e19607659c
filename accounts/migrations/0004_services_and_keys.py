from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Length, Now
from django.db.models.lookups import Exact

import accounts.ids

SCOPES = [
    ("debits:write", "Debits Write"),
    ("debits:amount", "Debits Amount"),
    ("debits:reverse", "Debits Reverse"),
    ("read", "Read"),
    ("admin", "Admin"),
]


def key_fields() -> list[tuple[str, "models.Field[Any, Any]"]]:
    return [
        (
            "id",
            models.UUIDField(
                default=accounts.ids.uuid7, editable=False, primary_key=True, serialize=False
            ),
        ),
        ("name", models.CharField(blank=True, max_length=100)),
        ("prefix", models.CharField(editable=False, max_length=12)),
        ("digest", models.BinaryField(max_length=32)),
        ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
        ("expires_at", models.DateTimeField(blank=True, null=True)),
        ("revoked_at", models.DateTimeField(blank=True, editable=False, null=True)),
        ("last_used_at", models.DateTimeField(blank=True, editable=False, null=True)),
        ("changed_at", models.DateTimeField(db_default=Now(), editable=False)),
    ]


def key_constraints(model: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=("digest",), name=f"{model}_digest_unique"),
        models.CheckConstraint(
            condition=Exact(Length("digest"), 32), name=f"{model}_digest_is_sha256"
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_house_customer")]

    operations = [
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="service_name_unique")
                ],
            },
        ),
        migrations.CreateModel(
            name="ServiceKey",
            fields=[
                *key_fields(),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=SCOPES, max_length=32), size=None
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keys",
                        to="accounts.service",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["changed_at"], name="servicekey_changed_at")],
                "constraints": [
                    *key_constraints("servicekey"),
                    models.CheckConstraint(
                        condition=models.Q(scopes__contained_by=[scope for scope, _ in SCOPES]),
                        name="servicekey_scopes_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                *key_fields(),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="api_keys",
                        to="accounts.customer",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["changed_at"], name="apikey_changed_at")],
                "constraints": key_constraints("apikey"),
            },
        ),
    ]
