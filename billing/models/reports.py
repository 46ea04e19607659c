"""What is reported of a month."""

from billing.models.books import Period


class Report(Period):
    """Nothing is stored of it: it is for staff's pages to list, and to say who may look."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
