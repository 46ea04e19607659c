"""Sends what is due. It remembers nothing: when it starts, everything is due."""

import logging
from typing import Any

from celery.beat import ScheduleEntry, Scheduler, SchedulingError

logger = logging.getLogger(__name__)


class Beat(Scheduler):
    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            logger.warning(
                "Not sent, and sent when it is due again: %s", " ".join(str(error).split())
            )
