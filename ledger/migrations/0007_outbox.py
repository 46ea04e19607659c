"""An outbox for what the outside is told, and balances that are watched for it."""

from django.db import migrations, models

from ledger import sql

# Its arguments have changed, so that it would stay beside the new one.
_REPLACED = "drop function if exists ledger_commit_alone(ledger_operation, uuid, timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_books")]

    operations = [
        sql.later("outbox"),
        migrations.RunSQL(_REPLACED),
        *sql.functions(),
        migrations.CreateModel(
            name="Threshold",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("purpose", models.TextField()),
                ("basis", models.TextField()),
                ("value", models.BigIntegerField()),
                ("level", models.BigIntegerField(null=True)),
                ("recovers_at", models.BigIntegerField(null=True)),
                ("cool_down", models.DurationField()),
                ("crossed", models.BooleanField()),
                ("told", models.BooleanField()),
                ("told_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_threshold",
                "abstract": False,
                "managed": False,
            },
        ),
    ]
