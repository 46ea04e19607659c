"""What was spent, counted where it survives the end of the process: in a file that is mapped into
memory, so that counting writes no file and waits for no disk. What the machine itself had not
written when it lost its power is lost; nothing else is."""

import errno
import fcntl
import json
import logging
import mmap
import os
import threading
from collections.abc import Iterator, Mapping, MutableSequence
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

SLOTS: Final = 65_536
NOTES_MAX: Final = 16 * 1024 * 1024  # bytes, before what is over is left out
_WIDTH: Final = 8  # bytes
_BYTES: Final = SLOTS * _WIDTH
_NO_ALLOCATION: Final = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
logger = logging.getLogger("drawdown")


class Full(Exception):
    """There is no room for it: all slots are in use, or the disk takes no more."""


class Counts(Protocol):
    """Numbers that only grow, by slot; and a note of each lease, in place of the one before."""

    numbers: MutableSequence[int]

    def take_slot(self) -> int: ...
    def free_slot(self, slot: int) -> None: ...
    def note(self, entry: Mapping[str, Any], *, durably: bool = False) -> None: ...
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

    def note(self, entry: Mapping[str, Any], *, durably: bool = False) -> None:
        """Nobody would read it."""

    def close(self) -> None:
        """There is nothing to close."""


class InFile:
    """Two files of one name: `.counts`, the numbers, and `.notes`, a line of JSON for each note,
    which is locked for as long as the process lives."""

    def __init__(self, path: Path) -> None:
        """Raises BlockingIOError where another process has it, OSError where the disk is full."""
        self.path = path
        self._notes = _locked(path.with_suffix(".notes"))
        self._latest = {entry["lease"]: entry for entry in _read(self._notes)}
        self._is_torn = _is_torn(self._notes)
        try:
            self._map = _mapped(path.with_suffix(".counts"))
        except OSError:
            if self._latest:
                self._notes.close()
            else:
                self._remove()
            raise
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

    def note(self, entry: Mapping[str, Any], *, durably: bool = False) -> None:
        """Out of the process when it returns, and on the disk a little later; `durably`: at once.
        Raises Full."""
        with self._lock:
            try:
                self._append(_line(entry), durably)
            except OSError as error:
                raise Full(f"{self.path} takes no more notes: {error}") from error
            if entry["is_over"]:
                self._latest.pop(entry["lease"], None)
            else:
                self._latest[entry["lease"]] = dict(entry)
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
        self._view.release()
        self._map.close()
        self._remove()

    def _remove(self) -> None:
        """The lock goes last."""
        for suffix in (".fresh", ".counts", ".notes"):
            self.path.with_suffix(suffix).unlink(missing_ok=True)
        self._notes.close()

    def _append(self, line: bytes, durably: bool) -> None:
        """What is torn is a line of its own, which nobody can read. Raises OSError."""
        told = b"\n" + line if self._is_torn else line
        self._is_torn = True
        _write(self._notes, told)
        self._is_torn = False
        if durably:
            os.fsync(self._notes.fileno())

    def _compact(self) -> None:
        """Nothing but a whole file takes the place of the old one, which does until then."""
        fresh = self.path.with_suffix(".fresh")
        try:
            notes = _written(fresh, b"".join(map(_line, self._latest.values())))
        except OSError as error:
            logger.warning("%s stays as long as it is: %s", self.path, error)
            return
        os.replace(fresh, self.path.with_suffix(".notes"))
        self._notes, old = notes, self._notes
        old.close()


def left_behind(folder: Path) -> Iterator[InFile]:
    """Of processes that are no more; they are ours from now on."""
    for notes in sorted(folder.glob("*.notes")):
        try:
            yield InFile(notes.with_suffix(""))
        except BlockingIOError:
            continue
        except OSError as error:
            logger.warning("What is left behind in %s is settled later: %s", notes, error)


def _mapped(path: Path) -> mmap.mmap:
    """All of it has its place on the disk: a page that had none when it was written to would end
    the process. Raises OSError."""
    with path.open("a+b") as numbers:
        _allocate(numbers)
        return mmap.mmap(numbers.fileno(), _BYTES)


def _allocate(numbers: BinaryIO) -> None:
    """Where neither the system nor the disk can be asked to, zeros are written."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(numbers.fileno(), 0, _BYTES)
            return
        except OSError as error:
            if error.errno not in _NO_ALLOCATION:
                raise
    numbers.write(bytes(max(_BYTES - os.fstat(numbers.fileno()).st_size, 0)))
    numbers.flush()


def _locked(path: Path) -> BinaryIO:
    """Raises BlockingIOError where another process has it."""
    notes = path.open("a+b", buffering=0)
    try:
        fcntl.flock(notes, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(notes.fileno()).st_nlink == 0:
            raise BlockingIOError(f"{path} was removed or replaced meanwhile.")
    except OSError:
        notes.close()
        raise
    return cast(BinaryIO, notes)


def _written(path: Path, data: bytes) -> BinaryIO:
    """A new file that is locked, and on the disk. Raises OSError, and leaves none."""
    path.unlink(missing_ok=True)
    file = _locked(path)
    try:
        _write(file, data)
        os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        file.close()
        raise
    return file


def _write(file: BinaryIO, data: bytes) -> None:
    """All of it: a disk that is nearly full takes a part. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _is_torn(notes: BinaryIO) -> bool:
    """Whether its last line does not end, as where the process did while it wrote."""
    if not notes.seek(0, os.SEEK_END):
        return False
    notes.seek(-1, os.SEEK_END)
    return notes.read(1) != b"\n"


def _read(notes: BinaryIO) -> Iterator[dict[str, Any]]:
    """Some may be torn, where the process ended, or the disk was full, while it wrote."""
    notes.seek(0)
    for line in notes.read().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"
