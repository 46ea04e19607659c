"""Sums of all transfers tell opening balances apart from what was sold or given away here."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0018_erasing")]

    operations = [*sql.functions(since=sql.SINCE_ERASING), sql.later("summed_anew")]
