from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from accounts.models import HOUSE_ID


def create_house(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    customers = apps.get_model("accounts", "Customer").objects.using(schema_editor.connection.alias)
    customers.create(id=HOUSE_ID, name="House")


def delete_house(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    customers = apps.get_model("accounts", "Customer").objects.using(schema_editor.connection.alias)
    customers.filter(id=HOUSE_ID).delete()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_customers_and_members")]

    operations = [migrations.RunPython(create_house, delete_house)]
