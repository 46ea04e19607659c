"""Calls that were settled from a lease without quantities said so as JSON's null, not as none."""

from django.db import migrations

from ledger import sql

MEND = "update ledger_call set quantities = null where quantities = 'null'"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0024_covers_by_their_legs")]

    operations = [
        *sql.functions(since=sql.SINCE_LEASES),
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
    ]
