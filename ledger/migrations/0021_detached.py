"""Months of calls can be kept in files."""

from django.db import migrations, models

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0020_leases")]

    operations = [
        sql.later("detached"),
        *sql.functions(since=sql.SINCE_LEASES),
        migrations.CreateModel(
            name="DetachedMonth",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("low", models.UUIDField()),
                ("above", models.UUIDField()),
                ("file", models.TextField()),
                ("sha256", models.TextField()),
                ("calls", models.BigIntegerField()),
                ("committed", models.BigIntegerField()),
                ("reversed", models.BigIntegerField()),
                ("detached_at", models.DateTimeField()),
            ],
            options={"db_table": "ledger_detached", "managed": False},
        ),
    ]
