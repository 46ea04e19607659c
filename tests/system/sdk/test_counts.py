"""Counts in files: what is left of them when the process ends, or the disk is full."""

import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from textwrap import dedent

import pytest

from drawdown.counts import SLOTS, Full, InFile


@contextmanager
def room(bytes):
    """In each file of this process: what is more than that, the system does not write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def nothing_written():
    return room(0)


def entry(lease, **more):
    return {"lease": lease, "is_over": False, **more}


def noted(path):
    again = InFile(path)
    leases = [one["lease"] for one in again.leases()]
    again.close()
    return leases


def test_all_slots_have_their_place_on_the_disk(tmp_path):
    file = InFile(tmp_path / "one")
    assert os.stat(tmp_path / "one.counts").st_blocks * 512 >= SLOTS * 8
    file.close()


def test_there_is_no_file_where_there_is_no_room(tmp_path):
    with room(4096), pytest.raises(OSError, match="large"):
        InFile(tmp_path / "one")
    assert not list(tmp_path.iterdir())


def test_a_note_that_was_torn_takes_no_other_with_it(tmp_path):
    file = InFile(tmp_path / "one")
    with room(4096), pytest.raises(Full, match="large"):
        file.note(entry("lse_1", more="x" * 6000))
    file.note(entry("lse_2"))
    file.close()
    assert noted(tmp_path / "one") == ["lse_2"]


def test_a_process_that_ended_while_it_noted_takes_no_other_note_with_it(tmp_path):
    (tmp_path / "one.notes").write_text('{"lease": "lse_1", "is')
    file = InFile(tmp_path / "one")
    file.note(entry("lse_2"))
    file.close()
    assert noted(tmp_path / "one") == ["lse_2"]


ON_A_FULL_DISK = """
    import subprocess, sys
    from contextlib import suppress
    from pathlib import Path
    from drawdown import counts

    folder, counts.NOTES_MAX = Path(sys.argv[1]), 8900
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=True)
    print("mounted", flush=True)
    file = counts.InFile(folder / "one")
    for number in range(5):
        file.note({"lease": str(number), "is_over": False, "more": "x" * 1700})
    with open(folder / "all", "wb", buffering=0) as rest:
        with suppress(OSError):
            while rest.write(bytes(4096)):
                pass
        rest.truncate(rest.tell() - 4096)
    for slot in range(0, counts.SLOTS, 512):
        file.numbers[slot] += 1
    file.note({"lease": "5", "is_over": False, "more": "x" * 200})
    file.close()
    again = counts.InFile(folder / "one")
    assert len(again.leases()) == 6 and again.numbers[counts.SLOTS - 512] == 1
"""


def test_a_full_disk_ends_no_process_and_forgets_no_note(tmp_path):
    program = [sys.executable, "-c", dedent(ON_A_FULL_DISK), str(tmp_path)]
    ended = subprocess.run(
        ["unshare", "--map-root-user", "--mount", *program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if "mounted" not in ended.stdout:
        pytest.skip(f"no disk can be mounted here: {ended.stderr[-80:]}")
    assert ended.returncode == 0, ended.stderr
