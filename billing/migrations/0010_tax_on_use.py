from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0009_reopening")]

    operations = [
        migrations.AddField(
            model_name="purchase",
            name="tax_on_use",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="dispute",
            name="tax_lost",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddConstraint(
            model_name="purchase",
            constraint=models.CheckConstraint(
                condition=models.Q(tax_on_use=0) | models.Q(tax_on_use__gt=0, tax=0),
                name="purchase_has_one_tax_point",
            ),
        ),
    ]
