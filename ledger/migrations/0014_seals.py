"""A chain of digests over each wallet's transfers, sealed in the background."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_balance_marks")]

    operations = [sql.later("seals"), *sql.functions(since=sql.SINCE_SEALS)]
