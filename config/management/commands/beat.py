from typing import Any

from django.core.management.base import BaseCommand

from config.celery import app


class Command(BaseCommand):
    help = "Sends the worker what is due, until it is ended. One is enough."
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        app.Beat(quiet=True, loglevel="WARNING").run()
