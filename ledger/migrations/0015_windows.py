"""History is looked through by time, whoever's it is."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0014_seals")]

    operations = [
        sql.later("windows"),
        migrations.CreateModel(
            name="Transaction",
            fields=[],
            options={"proxy": True, "managed": False, "indexes": [], "constraints": []},
            bases=("ledger.transfer",),
        ),
    ]
