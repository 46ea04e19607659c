"""The clock of the scenario's own database: only its owner moves it."""

from datetime import datetime

from django.db import connections


def move_to(instant: datetime) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("update ledger_clock set shift = %s - clock_timestamp()", [instant])
