"""What all transfers come to by the hour, and how the debit API answered, for whoever looks over
all customers."""

from django.db import migrations, models

from ledger import sql


class Migration(migrations.Migration):
    dependencies = [
        # Who is a sandbox.
        ("accounts", "0011_limits_of_keys_and_sandboxes"),
        ("ledger", "0015_windows"),
    ]

    operations = [
        sql.later("sums"),
        *sql.functions(since=sql.SINCE_SUMS),
        migrations.CreateModel(
            name="AnswerCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("operation", models.CharField(max_length=20)),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("count", models.BigIntegerField()),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("since", "operation", "reason"), name="answer_count_once"
                    ),
                ],
            },
        ),
    ]
