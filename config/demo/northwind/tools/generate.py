"""Prose by a Markov chain: each token follows the two before it as somewhere in the corpus."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

PROSE = Path(__file__).parent.parent / "corpus" / "prose.txt"
_TOKEN = re.compile(r"[\w']+|[.,]")

Pair = tuple[str, str]


class Generator:
    def __init__(self, text: str) -> None:
        tokens = _TOKEN.findall(text)
        self._next: dict[Pair, list[str]] = defaultdict(list)
        for pair, token in zip(pairwise(tokens), tokens[2:], strict=False):
            self._next[pair].append(token)
        self._starts = [pair for pair in self._next if pair[0][0].isupper()]

    @classmethod
    def learned(cls) -> "Generator":
        return cls(PROSE.read_text())

    def tokens(self, prompt: str, number: int, chance: Random) -> Iterator[str]:
        """So many, beginning where the prompt's last known pair of words leads."""
        pair = self._begin(_TOKEN.findall(prompt), chance)
        for _ in range(number):
            following = self._next.get(pair)
            if following is None:
                pair = chance.choice(self._starts)
                yield pair[1]
            else:
                pair = (pair[1], chance.choice(following))
                yield pair[1]

    def _begin(self, prompt: Sequence[str], chance: Random) -> Pair:
        known = [pair for pair in pairwise(prompt) if pair in self._next]
        return known[-1] if known else chance.choice(self._starts)


def joined(tokens: Sequence[str]) -> str:
    return " ".join(tokens).replace(" .", ".").replace(" ,", ",")
