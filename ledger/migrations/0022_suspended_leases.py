"""A lease of who may not pay any more is filled up no more."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0021_detached")]

    operations = sql.functions(since=sql.SINCE_LEASES)
