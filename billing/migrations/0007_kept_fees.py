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
    dependencies = [("billing", "0006_books_checks")]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="fees_kept",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="fee_kept",
            field=models.BigIntegerField(default=0),
        ),
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
        migrations.RemoveConstraint(model_name="payment", name="payment_amounts_not_negative"),
        migrations.RemoveConstraint(model_name="payment", name="payment_returns_no_more_than_came"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    amount__gt=0,
                    tax__gte=0,
                    refunded__gte=0,
                    fees_kept__gte=0,
                    disputed__gte=0,
                    clawed_back__gte=0,
                    refunds_told__gte=0,
                ),
                name="payment_amounts_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    amount__gte=models.F("refunded")
                    + models.F("fees_kept")
                    + models.F("disputed")
                    + models.F("clawed_back")
                ),
                name="payment_returns_no_more_than_came",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(fee_kept=0)
                | models.Q(fee_kept__gt=0, fee_kept__lt=models.F("amount")),
                name="refund_fee_is_of_its_amount",
            ),
        ),
        migrations.RunPython(keep_as_lost, migrations.RunPython.noop),
    ]
