"""Money entries without credits, credits taken out of what is frozen, and refunds taken back."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_settling_request")]

    operations = [*sql.functions()]
