"""What covered a debt is found without a look at all of a customer's history."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0023_short_lists")]

    operations = sql.functions(since=sql.SINCE_LEASES)
