"""The parent of the server: starts it, and stops it when the last of its users is gone.

Run as `python -m config.embedded.keeper STATE`, with `server.lock` held and inherited.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from config import locks
from config.embedded import cluster, leftovers
from config.embedded.place import Place
from config.state import State


def main() -> None:
    os.umask(0o022)
    place = Place.of(State(Path(sys.argv[1])))
    with place.log.open("ab") as output:
        cluster.ensure_cluster(place, output)
        place.make_sockets()
        leftovers.clear(place)
        leftovers.clear_others(place)
        process = cluster.start(place, output)
        _keep(place, process)


def _keep(place: Place, process: subprocess.Popen[bytes]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: _stop(process))
    try:
        cluster.prepare(place, process)
        with locks.open_lock(place.ready_lock) as ready:
            locks.take(ready)
            threading.Thread(target=_stop_when_unused, args=(place, process), daemon=True).start()
            process.wait()
    except cluster.EndedEarly as error:
        sys.exit(str(error))
    finally:
        process.kill()
        leftovers.await_end(place)
        shutil.rmtree(place.sockets, ignore_errors=True)
        leftovers.clear_others(place)


def _stop_when_unused(place: Place, process: subprocess.Popen[bytes]) -> None:
    users = locks.open_lock(place.users_lock)
    locks.take(users)
    _stop(process)
    # The lock is kept until we end: who comes now waits for that, then starts a server anew.
    process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)


if __name__ == "__main__":
    main()
