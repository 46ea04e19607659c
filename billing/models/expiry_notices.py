"""That customers were told of credits that end: kept as evidence beside the expiry."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Customer
from billing.models.mails import Mail, MailState


class ExpiryNotice(models.Model):
    """One of a lot, for an expiry, so many days before it. `amount` is what was left then, in
    micro-credits; what the mail said is kept with it. `delivered_at`: the mail server took it."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    lot_id = models.UUIDField()
    expires_at = models.DateTimeField()
    days = models.PositiveSmallIntegerField()
    amount = models.BigIntegerField()
    recipients = ArrayField(models.EmailField())
    mail = models.ForeignKey(Mail, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "lot_id", "expires_at", "days"], name="expiry_notice_once"
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(mail__isnull=False),
                name="expiry_notice_delivered_by_mail",
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail"], condition=Q(delivered_at=None), name="expiry_notice_undelivered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.days} days before {self.expires_at:%Y-%m-%d}"

    @property
    def why_not(self) -> str:
        """Why it is not delivered; empty when it is."""
        if self.delivered_at:
            return ""
        if self.mail is None:
            return "There is nobody to mail: no owner, and nobody who does the billing."
        if self.mail.state == MailState.FAILED:
            return f"The mail failed for good: {self.mail.error}"
        return f"The mail waits: {self.mail.error}" if self.mail.error else "The mail waits."
