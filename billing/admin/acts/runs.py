"""A job is run now."""

from typing import Final

from django.urls import reverse
from kombu.exceptions import OperationalError

from accounts.confirming import Act, Deed, Target
from accounts.models import User
from billing.jobs import standing
from billing.models import Job
from billing.operators import watchdog

SILENT: Final = " The worker is silent now, and does it when it is back."


class NobodyAsked(Exception):
    detail = "The broker does not answer, so nobody was asked. See that it runs, and try again."


def _look(name: str, by: User) -> Target:
    return Target(
        key=name,
        name=name,
        about=(Job._meta.db_table, name),
        now=_last(name),
        will=standing.purpose(name) + (SILENT if watchdog.is_silent() else ""),
        page=reverse("admin:billing_job_changelist"),
        # It runs by itself meanwhile, which changes nothing.
        mark=name,
    )


def _last(name: str) -> str:
    job = Job.objects.filter(pk=name).first()
    if job is None or job.succeeded_at is None:
        return "Never succeeded" if job else "Not run yet"
    return f"Succeeded last {job.succeeded_at:%Y-%m-%d %H:%M:%S} UTC"


def _run(name: str, deed: Deed) -> str:
    """Raises NobodyAsked."""
    try:
        standing.ask_for(name)
    except OperationalError:
        raise NobodyAsked from None
    return f"The worker was asked to run {name}."


RUN: Final = Act(
    code="run",
    done="job.run",
    permission="billing.run_job",
    verb="Run it now",
    consequence="The worker does it as soon as it is free; done twice at once, it does no harm.",
    look=_look,
    do=_run,
    outside=True,
    refusals=(NobodyAsked,),
)
