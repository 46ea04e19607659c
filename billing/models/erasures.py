"""That a customer's personal data was erased, without a word of what it was."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import Customer, User


class Erasure(models.Model):
    """Its receipts and invoices stay as they were issued until each is old enough."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="erasure"
    )
    erased_at = models.DateTimeField(db_default=Now())
    erased_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    people = models.PositiveIntegerField(default=0, help_text="Who belonged to no other customer.")
    rows = models.JSONField(default=dict, help_text="How many of each table.")
    documents_done_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("erase_customer", "Can erase a customer's personal data"),
            ("export_customer", "Can export a customer's data"),
        ]

    def __str__(self) -> str:
        return str(self.customer_id)
