from django.db import migrations

MAKE = "select ledger_make_partitions(now(), now() + interval '3 months')"


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_core")]

    operations = [migrations.RunSQL(MAKE, migrations.RunSQL.noop)]
