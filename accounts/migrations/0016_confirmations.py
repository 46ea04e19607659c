import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0015_audited")]

    operations = [
        migrations.CreateModel(
            name="Confirmation",
            fields=[
                (
                    "token",
                    models.UUIDField(editable=False, primary_key=True, serialize=False),
                ),
                ("act", models.CharField(max_length=60)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            "revoke update, delete on accounts_confirmation from drawdown_app",
            "grant update, delete on accounts_confirmation to drawdown_app",
        ),
    ]
