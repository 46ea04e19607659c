"""What was spent, counted where it survives the end of the process: in a file that is mapped into
memory, so that counting writes no file and waits for no disk. What the machine itself had not
written when it lost its power is lost; nothing else is."""

import fcntl
import json
import mmap
import os
import threading
from collections.abc import Iterator, Mapping, MutableSequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

SLOTS: Final = 65_536
NOTES_MAX: Final = 16 * 1024 * 1024  # bytes, before what is over is left out
_WIDTH: Final = 8  # bytes


class Full(Exception):
    """All slots are in use."""


class Counts(Protocol):
    """Numbers that only grow, by slot; and a note of each lease, in place of the one before."""

    numbers: MutableSequence[int]

    def take_slot(self) -> int: ...
    def free_slot(self, slot: int) -> None: ...
    def note(self, entry: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...


class InMemory:
    def __init__(self) -> None:
        self.numbers: MutableSequence[int] = []
        self._free: list[int] = []
        self._lock = threading.Lock()

    def take_slot(self) -> int:
        with self._lock:
            if self._free:
                return self._free.pop()
            self.numbers.append(0)
            return len(self.numbers) - 1

    def free_slot(self, slot: int) -> None:
        self._free.append(slot)

    def note(self, entry: Mapping[str, Any]) -> None:
        """Nobody would read it."""

    def close(self) -> None:
        """There is nothing to close."""


class InFile:
    """Two files of one name: `.counts`, the numbers, and `.notes`, a line of JSON for each note,
    which is locked for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where another process has it."""
        self.path = path
        self._notes = _locked(path.with_suffix(".notes"))
        self._latest = {entry["lease"]: entry for entry in _read(self._notes)}
        with path.with_suffix(".counts").open("a+b") as numbers:
            if os.fstat(numbers.fileno()).st_size < SLOTS * _WIDTH:
                numbers.truncate(SLOTS * _WIDTH)
            self._map = mmap.mmap(numbers.fileno(), SLOTS * _WIDTH)
        self._view = memoryview(self._map).cast("Q")
        self.numbers = cast(MutableSequence[int], self._view)
        self._free = list(range(SLOTS - 1, -1, -1))
        self._lock = threading.Lock()

    def take_slot(self) -> int:
        """Raises Full."""
        with self._lock:
            if not self._free:
                raise Full
            return self._free.pop()

    def free_slot(self, slot: int) -> None:
        self._free.append(slot)

    def note(self, entry: Mapping[str, Any]) -> None:
        """Out of the process when it returns, and on the disk a little later."""
        with self._lock:
            if entry["is_over"]:
                self._latest.pop(entry["lease"], None)
            else:
                self._latest[entry["lease"]] = dict(entry)
            self._notes.write(_line(entry))
            if self._notes.tell() > NOTES_MAX:
                self._compact()

    def leases(self) -> list[dict[str, Any]]:
        """Those that are not over, by their last note."""
        return [entry for entry in self._latest.values() if not entry["is_over"]]

    def close(self) -> None:
        self._view.release()
        self._map.close()
        self._notes.close()

    def remove(self) -> None:
        """Nothing in it is of use any more."""
        for suffix in (".notes", ".counts"):
            self.path.with_suffix(suffix).unlink(missing_ok=True)
        self.close()

    def _compact(self) -> None:
        fresh = self.path.with_suffix(".fresh")
        fresh.unlink(missing_ok=True)
        notes = _locked(fresh)
        notes.write(b"".join(map(_line, self._latest.values())))
        os.replace(fresh, self.path.with_suffix(".notes"))
        self._notes, old = notes, self._notes
        old.close()


def left_behind(folder: Path) -> Iterator[InFile]:
    """Of processes that are no more; they are ours from now on."""
    for notes in sorted(folder.glob("*.notes")):
        try:
            yield InFile(notes.with_suffix(""))
        except OSError:
            continue


def _locked(path: Path) -> BinaryIO:
    """Raises OSError where another process has it."""
    notes = path.open("a+b", buffering=0)
    try:
        fcntl.flock(notes, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(notes.fileno()).st_nlink == 0:
            raise BlockingIOError(f"{path} was removed or replaced meanwhile.")
    except OSError:
        notes.close()
        raise
    return cast(BinaryIO, notes)


def _read(notes: BinaryIO) -> Iterator[dict[str, Any]]:
    """The last may be torn, where the process ended while it wrote."""
    notes.seek(0)
    for line in notes.read().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"
