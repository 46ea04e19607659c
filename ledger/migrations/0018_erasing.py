"""Personal data of a customer can be erased from the core, and no value with it."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0017_audited")]

    operations = [sql.later("erased"), *sql.functions(since=sql.SINCE_ERASING)]
