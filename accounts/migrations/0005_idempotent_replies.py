import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_services_and_keys")]

    operations = [
        migrations.CreateModel(
            name="IdempotentReply",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("key", models.CharField(max_length=255)),
                ("request_hash", models.BigIntegerField()),
                ("status", models.SmallIntegerField()),
                ("body", models.BinaryField()),
                ("created_at", models.DateTimeField(db_default=Now(), editable=False)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.customer",
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.service",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "service", "key"), name="idempotentreply_key_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(status__range=(200, 299)),
                        name="idempotentreply_is_a_success",
                    ),
                ],
            },
        ),
    ]
