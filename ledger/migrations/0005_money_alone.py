"""Money entries without credits, credits taken out of what is frozen, and refunds taken back; lists
find the rows that they have locked by their places."""

from django.db import migrations

from ledger import sql

# Its arguments have changed, so that it would stay beside the new one.
_REPLACED = """
drop function if exists ledger_write(
    ledger_hold[], ledger_hold[], ledger_call[], ledger_transfer[], ledger_key[])
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_settling_request")]

    operations = [migrations.RunSQL(_REPLACED), *sql.functions()]
