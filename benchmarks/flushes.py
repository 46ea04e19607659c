"""What the disk takes to make a page durable: the least that any durable answer waits for."""

import os
import time
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from benchmarks.load import Load

PAGE: Final = bytes(8192)


def run(folder: Path, seconds: float) -> Load:
    """Writes a page over and over, each time flushed, as a log that was made before."""
    took = []
    with TemporaryFile(dir=folder) as file:
        descriptor = file.fileno()
        os.pwrite(descriptor, PAGE, 0)
        os.fsync(descriptor)
        start, cpu = time.perf_counter(), time.process_time()
        now = start
        while now - start < seconds:
            os.pwrite(descriptor, PAGE, 0)
            os.fdatasync(descriptor)
            before, now = now, time.perf_counter()
            took.append(now - before)
    took.sort()
    p50, p99 = (1000 * took[len(took) * part // 100] for part in (50, 99))
    return Load(len(took), now - start, time.process_time() - cpu, p50, p99)
