"""Processor time of the servers that the benchmark started, by what they are."""

import psutil

from benchmarks.tigerbeetle import DATA_FILE

# What tells them apart, in the command line of the benchmark's own child.
SERVERS = {
    "config.embedded.keeper": "database",
    "config.web": "web",
    "benchmarks.plain": "web",
    "benchmarks.by_hand.web": "web",
    DATA_FILE: "database",
}

Seconds = dict[str, float]


def of_servers() -> Seconds:
    seconds = dict.fromkeys(SERVERS.values(), 0.0)
    for child in psutil.Process().children():
        for module in SERVERS.keys() & set(child.cmdline()):
            seconds[SERVERS[module]] += _of_tree(child)
    return seconds


def _of_tree(root: psutil.Process) -> float:
    return sum(_of_process(process) for process in [root, *root.children(recursive=True)])


def _of_process(process: psutil.Process) -> float:
    """With what its ended children used."""
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return used.user + used.system + used.children_user + used.children_system
