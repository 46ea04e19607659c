from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User


class Confirmation(models.Model):
    """That a page which asks was confirmed: sent again, nothing is done again."""

    token = models.UUIDField(primary_key=True, editable=False)
    act = models.CharField(max_length=60)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.act} at {self.at}"
