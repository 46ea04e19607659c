"""Months of calls that are kept in files."""

from django.db import models

from ledger.models.core import CoreModel


class DetachedMonth(CoreModel):
    """Written when its file is safe, and deleted when the file was read back. Micro-credits."""

    month = models.DateField(primary_key=True)  # its first day, UTC
    low = models.UUIDField()  # the ids of its calls are from this one
    above = models.UUIDField()  # to under this one
    file = models.TextField()  # its name
    sha256 = models.TextField()
    calls = models.BigIntegerField()
    committed = models.BigIntegerField()
    reversed = models.BigIntegerField()
    detached_at = models.DateTimeField()

    class Meta(CoreModel.Meta):
        db_table = "ledger_detached"

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} in {self.file}"
