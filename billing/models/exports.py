"""How our accounts are called in the books of the company that runs this."""

from django.db import models
from django.db.models import Q


class Target(models.TextChoices):
    QUICKBOOKS = "quickbooks", "QuickBooks Online"
    XERO = "xero", "Xero"
    NETSUITE = "netsuite", "NetSuite"


class AccountName(models.Model):
    """An account of ours as an accounting system knows it: exactly, or its import fails. One that
    is not named here has a name made of our chart's."""

    code = models.CharField(max_length=10, help_text="Of our chart of accounts: 2100.")
    target = models.CharField(max_length=16, choices=Target)
    account_name = models.CharField(
        max_length=200,
        help_text="QuickBooks: the name, a sub-account as Parent:Sub. Xero: the account's code."
        " NetSuite: number and name as they are shown there.",
    )
    tax_rate = models.CharField(
        max_length=100, blank=True, help_text="Xero: the name of the tax rate. Empty: Tax Exempt."
    )
    party = models.CharField(
        max_length=100,
        blank=True,
        help_text="QuickBooks: the customer or vendor that lines of a receivable or payable"
        " account must name.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "target"], name="account_name_of_target"),
            models.CheckConstraint(condition=~Q(account_name=""), name="account_name_is_given"),
            models.CheckConstraint(
                condition=Q(target__in=Target.values), name="account_name_target_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.get_target_display()}"
