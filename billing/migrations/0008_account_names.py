from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0007_kept_fees"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(help_text="Of our chart of accounts: 2100.", max_length=10),
                ),
                (
                    "target",
                    models.CharField(
                        choices=[
                            ("quickbooks", "QuickBooks Online"),
                            ("xero", "Xero"),
                            ("netsuite", "NetSuite"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "account_name",
                    models.CharField(
                        help_text="QuickBooks: the name, a sub-account as Parent:Sub. Xero: the"
                        " account's code. NetSuite: number and name as they are shown there.",
                        max_length=200,
                    ),
                ),
                (
                    "tax_rate",
                    models.CharField(
                        blank=True,
                        help_text="Xero: the name of the tax rate. Empty: Tax Exempt.",
                        max_length=100,
                    ),
                ),
                (
                    "party",
                    models.CharField(
                        blank=True,
                        help_text="QuickBooks: the customer or vendor that lines of a receivable or"
                        " payable account must name.",
                        max_length=100,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("code", "target"), name="account_name_of_target"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account_name", ""), _negated=True),
                        name="account_name_is_given",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target__in", ["quickbooks", "xero", "netsuite"])),
                        name="account_name_target_known",
                    ),
                ],
            },
        ),
    ]
