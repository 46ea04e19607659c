"""Usage is summed by day as it ends, and not by reading all calls whenever it is asked for."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0011_openapi"),
    ]

    operations = [
        sql.later("usage_sums"),
        *sql.functions(since=sql.SINCE_USAGE_SUMS),
    ]
