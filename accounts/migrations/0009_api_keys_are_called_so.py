from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_known_addresses")]

    operations = [
        migrations.AlterModelOptions(
            name="apikey",
            options={"verbose_name": "API key", "verbose_name_plural": "API keys"},
        ),
    ]
