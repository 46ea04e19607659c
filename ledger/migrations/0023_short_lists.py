"""A list looks for what only some lists have, when it has it."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_suspended_leases")]

    operations = sql.functions(since=sql.SINCE_LEASES)
