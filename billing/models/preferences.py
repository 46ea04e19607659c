"""What a customer wants to be told by itself."""

from django.db import models

from accounts.models import Customer


class NotificationPreference(models.Model):
    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    weekly_digest = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.customer_id}"
