"""What processes that are no more have left in a folder."""

import logging
from math import inf
from pathlib import Path
from time import monotonic
from typing import Final

from drawdown import leasing
from drawdown.counts import InFile, left_behind
from drawdown.journal import Journal
from drawdown.retrying import Retry
from drawdown.wire import Flow

# A lease that was not renewed is there for longer.
LOOK_SECONDS: Final = 10.0
logger = logging.getLogger("drawdown")


class Left:
    """Whoever drives it sees to it that one flow runs at a time."""

    def __init__(self, folder: Path | None, journal: Journal, retry: Retry) -> None:
        self._folder, self._journal, self._retry = folder, journal, retry
        self._files: list[InFile] = []
        self._looked_at = -inf

    def recover(self) -> Flow[None]:
        """Settles it. What cannot be settled now is no reason to leave the others."""
        self._look()
        for file in list(self._files):
            try:
                yield from self._recover(file)
            except Exception as error:
                logger.warning("What another process has spent is settled later: %r", error)
            else:
                self._files.remove(file)
                file.remove()

    def close(self) -> None:
        self._folder = None
        for file in self._files:
            file.close()
        self._files.clear()

    def _look(self) -> None:
        if self._folder and monotonic() - self._looked_at >= LOOK_SECONDS:
            self._looked_at = monotonic()
            self._files += left_behind(self._folder)

    def _recover(self, file: InFile) -> Flow[None]:
        for note in file.leases():
            yield from leasing.recover(file, note, self._journal, self._retry)
