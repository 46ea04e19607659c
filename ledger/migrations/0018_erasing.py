"""Personal data of a customer can be erased from the core, and no value with it."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0013_balance_marks")]

    operations = [*sql.functions(since=sql.SINCE_ERASING)]
