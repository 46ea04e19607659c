"""Queues in the database, for those who have no other broker."""

from django.db import migrations

from config.background import schema


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_application_role_and_users")]

    operations = [migrations.RunPython(schema.install, migrations.RunPython.noop)]
