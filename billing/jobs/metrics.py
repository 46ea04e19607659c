"""Jobs and backlogs for Prometheus, read from the database when it is asked.

So that it is the same whichever process answers, and each of several would say.
"""

import logging
from collections.abc import Iterable

from django.db import Error
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from billing.jobs import backlogs
from billing.jobs.standing import standings

logger = logging.getLogger(__name__)


class JobsCollector(Collector):
    def describe(self) -> Iterable[Metric]:
        """Nothing that the database would have to be asked for."""
        return []

    def collect(self) -> Iterable[Metric]:
        """None where the database does not answer: the others are still to be had."""
        try:
            return [*_of_jobs(), *_of_backlogs()]
        except Error as error:
            logger.warning("Metrics of jobs could not be read: %s", error)
            return []


def _of_jobs() -> list[Metric]:
    succeeded = GaugeMetricFamily(
        "drawdown_job_last_success_timestamp_seconds", "When it succeeded last.", labels=["job"]
    )
    runs = CounterMetricFamily("drawdown_job_runs", "Runs that ended.", labels=["job"])
    failures = CounterMetricFamily("drawdown_job_failures", "Runs that failed.", labels=["job"])
    lag = GaugeMetricFamily(
        "drawdown_job_lag_seconds", "Since it should have succeeded again.", labels=["job"]
    )
    for one in standings():
        labels = [one.job.name]
        if one.job.succeeded_at:
            succeeded.add_metric(labels, one.job.succeeded_at.timestamp())
        runs.add_metric(labels, one.job.runs)
        failures.add_metric(labels, one.job.failures)
        lag.add_metric(labels, one.lag.total_seconds())
    return [succeeded, runs, failures, lag]


def _of_backlogs() -> list[Metric]:
    found: list[Metric] = []
    for name, title, number, age in backlogs.every():
        found += [
            GaugeMetricFamily(f"drawdown_{name}", f"{title}.", value=number),
            GaugeMetricFamily(
                f"drawdown_{name.rsplit('_', 1)[0]}_age_seconds",
                f"{title}: for how long the oldest waits.",
                value=age.total_seconds(),
            ),
        ]
    return found
