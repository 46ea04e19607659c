"""What this service counts, for Prometheus."""

import os
import shutil

from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from billing.jobs.metrics import JobsCollector
from config.exceptions import reading
from config.state import State

# Of the database, which all processes share.
JOBS = JobsCollector()
REGISTRY.register(JOBS)


@reading
def metrics(request: HttpRequest) -> HttpResponse:
    """Who accepts OpenMetrics gets exemplars too: the names of requests that were counted."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(_registry()), content_type=content_type)


def _registry() -> CollectorRegistry:
    """This process's counts, or those of all of them where they share a folder for it."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    shared.register(JOBS)
    return shared


def share_counts(state: State) -> None:
    """Several web processes count into one folder, anew with every start."""
    folder = state.path / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
