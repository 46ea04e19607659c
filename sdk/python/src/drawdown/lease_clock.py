"""Seconds on a clock that nobody sets, and that goes on while the machine sleeps."""

import time
from collections.abc import Callable


def _boot_time() -> Callable[[], float]:
    """Linux's monotonic clock stands still while the machine sleeps; what is leased runs out."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        number = time.CLOCK_BOOTTIME
        return lambda: time.clock_gettime(number)
    return time.monotonic


clock = _boot_time()
