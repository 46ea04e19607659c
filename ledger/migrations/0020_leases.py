"""Holds that their holders spend locally, and rows of the log that stand for many calls."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0019_openings_in_sums")]

    operations = [sql.later("leases"), *sql.functions(since=sql.SINCE_LEASES)]
