"""Limits, prices that depend on the month so far, late commits, and test wallets' clocks."""

from django.db import migrations

from ledger import sql

# Their arguments have changed, so that they would stay beside the new ones.
_REPLACED = """
drop function if exists ledger_commit_alone(ledger_operation, uuid, bigint, timestamptz);
drop function if exists ledger_write(
    ledger_hold[], tid[], ledger_call[], ledger_transfer[], ledger_key[]);
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_prices"), ("accounts", "0011_limits_of_keys_and_sandboxes")]

    operations = [
        sql.later("limits"),
        migrations.RunSQL(_REPLACED),
        *sql.functions(since=sql.SINCE_LIMITS),
    ]
