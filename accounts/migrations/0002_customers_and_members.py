import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

import accounts.ids
import accounts.validators


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_application_role_and_users")]

    operations = [
        migrations.CreateModel(
            name="Customer",
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
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(blank=True, max_length=254, null=True)),
                (
                    "external_id",
                    models.CharField(
                        blank=True,
                        help_text="The provider's own id of this customer.",
                        max_length=200,
                        null=True,
                    ),
                ),
                (
                    "metadata",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        validators=[accounts.validators.check_metadata],
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("suspended", "Suspended"),
                            ("closed", "Closed"),
                        ],
                        default="active",
                        editable=False,
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                ("changed_at", models.DateTimeField(db_default=Now(), editable=False)),
            ],
            options={
                "indexes": [models.Index(fields=["changed_at"], name="customer_changed_at")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("external_id",), name="customer_external_id_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__in=["active", "suspended", "closed"]),
                        name="customer_status_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
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
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("billing", "Billing"),
                            ("developer", "Developer"),
                            ("viewer", "Viewer"),
                        ],
                        max_length=16,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="accounts.customer",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "user"), name="member_once_per_customer"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(role__in=["owner", "billing", "developer", "viewer"]),
                        name="member_role_known",
                    ),
                ],
            },
        ),
    ]
