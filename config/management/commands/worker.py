import sys
import warnings
from typing import Any

from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from django.core.management.base import BaseCommand

from config.celery import app


class Command(BaseCommand):
    help = "Does what is done by itself, until it is ended. Run as many as you like."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        # As root a container has nobody else; what is told of that concerns pickled tasks.
        warnings.simplefilter("ignore", SecurityWarning)
        # Of a setting of ours, whose other value is to be the default one day.
        warnings.simplefilter("ignore", CPendingDeprecationWarning)
        # Workers tell each other nothing, and nobody watches them over the broker.
        worker = app.Worker(
            quiet=True,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        sys.exit(worker.exitcode)
