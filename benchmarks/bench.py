"""The whole run, round by round. Django has to be set up."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks import databases, report, samples
from benchmarks.company import open_company
from benchmarks.databases import CALIBRATION
from benchmarks.figures import Figure, figures
from benchmarks.generators import Generators
from benchmarks.samples import Sample
from config.embedded.place import Place


def run(place: Place, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        _say(f"Making pgbench's tables at scale {options.scale}, and the customers")
        databases.make_calibration(place, options.scale)
        company = open_company()
        databases.make_script_tables(place, company.customers)
        generators = Generators(place, company, stack)
        if options.tigerbeetle:
            generators.start_tigerbeetle(options.tigerbeetle)
        chosen = _choose(figures(generators), options.only)
        taken = _take(chosen, options.rounds, options.seconds)
    report.show(chosen, taken)
    setting = {"rounds": options.rounds, "seconds": options.seconds, "scale": options.scale}
    report.keep(options.json, taken, setting | {"postgresql": databases.version(place)})


def _choose(all_figures: Sequence[Figure], only: Sequence[str]) -> list[Figure]:
    """The calibration is always among them, since every ratio needs it."""
    beginnings = (CALIBRATION, *only) if only else ("",)
    return [figure for figure in all_figures if figure.name.startswith(beginnings)]


def _take(chosen: Sequence[Figure], rounds: int, seconds: float) -> dict[str, list[Sample]]:
    taken: dict[str, list[Sample]] = {figure.name: [] for figure in chosen}
    for number in range(1, rounds + 1):
        for figure in chosen:
            sample = samples.take(figure, seconds)
            taken[figure.name].append(sample)
            _say(f"Round {number} of {rounds}: {figure.name} {sample.rate:,.0f}/s")
    return taken


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
