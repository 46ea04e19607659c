"""Posting dates, usage that becomes revenue, and lots whose terms change.

What expired, was forfeited or claimed before gets its money entries, each for its own day; what was
used is recognised by the first run, for its own day too, or here where its lot was split since.
"""

from django.db import migrations

from ledger import sql

# Their arguments have changed, so that they would stay beside the new ones.
_REPLACED = """
drop function if exists ledger_pick_free(ledger_wallet, uuid, bigint, timestamptz);
drop function if exists ledger_expire_lots(ledger_wallet, timestamptz);
drop function if exists ledger_write_money(
    ledger_wallet, uuid, timestamptz, text, jsonb, uuid, text, jsonb, boolean);
"""

_COHORTS = """
update ledger_lot set cohort = to_char(issued_at at time zone 'UTC', 'YYYY-MM') || '/' || currency
where price > 0 and cohort is null;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_money_alone")]

    operations = [
        sql.later("books"),
        migrations.RunSQL(_REPLACED),
        *sql.functions(),
        migrations.RunSQL(_COHORTS),
        sql.before_books(),
    ]
