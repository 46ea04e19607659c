from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def keep_as_lost(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Disputes that were lost before are swept as they were entered."""
    alias = schema_editor.connection.alias
    policy = apps.get_model("billing", "Policy").objects.using(alias).first()
    if policy is not None:
        lost = apps.get_model("billing", "Dispute").objects.using(alias).filter(state="lost")
        lost.update(chargeback=policy.chargeback)


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_books")]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="chargeback",
            field=models.CharField(
                choices=[
                    ("contra-revenue", "Contra-revenue (4310)"),
                    ("credit-loss", "A loss (6300): the revenue stays"),
                    ("receivable", "A receivable (1100): the customer owes it"),
                ],
                default="contra-revenue",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="tax_relief",
            field=models.BooleanField(default=True),
        ),
        migrations.AddConstraint(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("chargeback__in", ["contra-revenue", "credit-loss", "receivable"])
                ),
                name="dispute_chargeback_known",
            ),
        ),
        migrations.RunPython(keep_as_lost, migrations.RunPython.noop),
    ]
