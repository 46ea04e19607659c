"""Files of calls, harmed: whatever is changed, they read as they were written or are refused."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.detached import files
from ledger.detached.errors import FileRefused

HEAD = {"columns": ["id", "metadata"]}
ROWS = [f"{n:032x}\t\\N\n".encode() for n in range(20)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "calls.gz"
    files.write(path, HEAD, ROWS, {"calls": len(ROWS)})
    return path


def read(path: Path) -> tuple[dict[str, Any], list[bytes]] | None:
    """None: refused."""
    try:
        return files.head(path), list(files.rows(path))
    except FileRefused:
        return None


def test_no_bit_changes_unnoticed(file: Path) -> None:
    sound, content = read(file), file.read_bytes()
    assert sound is not None and sound[1] == ROWS
    refused = 0
    for at in range(len(content) * 8):
        harmed = bytearray(content)
        harmed[at // 8] ^= 1 << at % 8
        file.write_bytes(harmed)
        found = read(file)
        assert found in (None, sound), at
        refused += found is None
    assert refused > len(content) * 7


def test_nothing_is_cut_off_unnoticed(file: Path) -> None:
    content = file.read_bytes()
    for length in range(len(content)):
        file.write_bytes(content[:length])
        assert read(file) is None, length


@pytest.mark.parametrize(
    "first",
    [b"", b"\n", b"{", b"[]\n", b"7\n", b"{}\n", b'{"kind": "drawdown-calls"}\n', b"\xff\n"],
)
def test_other_content_is_refused(tmp_path: Path, first: bytes) -> None:
    path = tmp_path / "other.gz"
    path.write_bytes(gzip.compress(first))
    with pytest.raises(FileRefused, match="is no file of calls"):
        files.head(path)


@pytest.mark.parametrize("last", [b"", b"{}\n", b"{\n", json.dumps({"rows_sha256": 7}).encode()])
def test_rows_without_a_sound_end_are_refused(file: Path, last: bytes) -> None:
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join([*lines[:-1], last])))
    with pytest.raises(FileRefused, match="is damaged"):
        list(files.rows(file))
