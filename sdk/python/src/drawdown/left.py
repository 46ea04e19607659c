"""What processes that are no more have left in a folder."""

import logging
from pathlib import Path

from drawdown import leasing
from drawdown.counts import InFile, left_behind
from drawdown.journal import Journal
from drawdown.retrying import Retry
from drawdown.wire import Flow

logger = logging.getLogger("drawdown")


class Left:
    """Whoever drives it sees to it that one flow runs at a time."""

    def __init__(self, folder: Path | None, journal: Journal, retry: Retry) -> None:
        self._files = list(left_behind(folder)) if folder else []
        self._journal, self._retry = journal, retry

    def recover(self) -> Flow[None]:
        """Settles it. What cannot be settled now is no reason to leave the others."""
        for file in list(self._files):
            try:
                yield from self._recover(file)
            except Exception as error:
                logger.warning("What another process has spent is settled later: %r", error)
            else:
                self._files.remove(file)
                file.remove()

    def close(self) -> None:
        for file in self._files:
            file.close()
        self._files.clear()

    def _recover(self, file: InFile) -> Flow[None]:
        for note in file.leases():
            yield from leasing.recover(file, note, self._journal, self._retry)
