"""The whole run, round by round. Django has to be set up."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack

from benchmarks import databases, history, report
from benchmarks.company import open_company
from benchmarks.databases import CALIBRATION
from benchmarks.figures import YOUNG, Figure, figures
from benchmarks.generators import Generators
from benchmarks.samples import Sample, Sampler
from config.embedded.place import Place

# Enough to see how much room a debit takes.
A_FEW = 200_000


def run(place: Place, options: argparse.Namespace) -> None:
    with ExitStack() as stack:
        _say(f"Making pgbench's tables at scale {options.scale}, and the customers")
        databases.make_calibration(place, options.scale)
        company = open_company()
        databases.make_script_tables(place, company.customers)
        by = Generators(place, company, stack)
        if options.tigerbeetle:
            by.start_tigerbeetle(options.tigerbeetle)
        chosen = _choose(figures(by), options.only)
        young = _young(chosen) if options.history else []
        # Each begins with a calibration of its own time.
        taken = _take(Sampler(place, by.calibration, options.seconds), young, options.rounds)
        past = history.fill(place, by, options.history or A_FEW, _say)
        taken |= _take(Sampler(place, by.calibration, options.seconds), chosen, options.rounds)
    report.show(young + chosen, taken, past)
    setting = {name: getattr(options, name) for name in ("rounds", "seconds", "scale", "history")}
    report.keep(options.json, taken, past, setting | {"postgresql": databases.version(place)})


def _young(chosen: Sequence[Figure]) -> list[Figure]:
    young = [figure for figure in chosen if figure.name in YOUNG]
    return [one._replace(name=f"{one.name}@0", title=f"{one.title}, no history") for one in young]


def _choose(all_figures: Sequence[Figure], only: Sequence[str]) -> list[Figure]:
    """The calibration is always among them: how far its ratios are from one is the noise."""
    beginnings = (CALIBRATION, *only) if only else ("",)
    return [figure for figure in all_figures if figure.name.startswith(beginnings)]


def _take(sampler: Sampler, chosen: Sequence[Figure], rounds: int) -> dict[str, list[Sample]]:
    taken: dict[str, list[Sample]] = {figure.name: [] for figure in chosen}
    for number in range(1, rounds + 1):
        for figure in chosen:
            sample = sampler.take(figure)
            taken[figure.name].append(sample)
            told = f"{figure.name} {sample.rate:,.0f}/s, {sample.ratio:.2f} of TPC-B"
            _say(f"Round {number} of {rounds}: {told}")
    return taken


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
