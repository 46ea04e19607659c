"""What a wallet's history comes to, every so many versions, for statements of any time."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0012_usage_sums")]

    operations = [sql.later("marks"), *sql.functions(since=sql.SINCE_MARKS)]
