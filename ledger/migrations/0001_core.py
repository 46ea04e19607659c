"""Tables, types and functions of the core, and the rights of the application's role on them."""

from django.db import migrations

from ledger import sql


class Migration(migrations.Migration):
    initial = True

    dependencies = [("accounts", "0003_house_customer")]

    operations = [*sql.schema(), *sql.functions()]
