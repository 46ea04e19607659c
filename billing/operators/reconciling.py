"""Operators are told when the provider's lists and ours differ, or could not be compared."""

import logging

from django.urls import reverse

from billing.models import NoticeKind
from billing.operators.notices import Said, settle
from billing.reconciliation import Report, reconcile

# What the next run does not put right by itself.
DIFFERENCES = ("failed", "refused", "waiting in vain")

logger = logging.getLogger(__name__)


def reconcile_and_tell() -> str:
    report = reconcile()
    told = _line(report)
    logger.info("reconciled: %s", told)
    settle(NoticeKind.RECONCILIATION, [_said(told)] if any(map(report.get, DIFFERENCES)) else [])
    return told


def _line(report: Report) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(report.items()) if number)


def _said(told: str) -> Said:
    return Said(
        "The provider's payments and ours differ",
        f"The reconciliation came to: {told}. What failed could not be asked of the provider, and"
        " is asked again every hour; what is refused does not fit what was sold; what waits in vain"
        " never got what it needs. Somebody must look at those.",
        reverse("admin:billing_providerevent_changelist"),
    )
