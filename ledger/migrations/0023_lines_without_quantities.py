"""Calls that were settled from a lease without quantities said so as JSON's null, not as none. Also
functions: of lists, of covers that are found by their legs, of what costs nothing."""

from django.db import migrations

from ledger import sql

MEND = "update ledger_call set quantities = null where quantities = 'null'"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0022_suspended_leases")]

    operations = [
        *sql.functions(since=sql.SINCE_LEASES),
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
    ]
