"""Use and margin of calls, worked out beforehand for the dashboard."""

import datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0029_erasing"), ("ledger", "0016_company_sums")]

    operations = [
        migrations.CreateModel(
            name="CallFigures",
            fields=[
                ("days", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("as_of", models.DateTimeField()),
                ("worked_at", models.DateTimeField(help_text="By the clock on the wall.")),
                ("took", models.DurationField(default=datetime.timedelta(0))),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("error", models.TextField(blank=True, help_text="Why there are none.")),
                ("endpoints", models.JSONField(default=list)),
                ("customers", models.JSONField(default=list)),
                ("customers_in_all", models.PositiveIntegerField(default=0)),
            ],
            options={"default_permissions": ("view",)},
        ),
    ]
