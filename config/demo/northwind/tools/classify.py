"""What a message to a help desk is about: naive Bayes, learned from `corpus/labelled.tsv`."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from config.demo.northwind.tools import BadInput
from config.demo.northwind.tools.words import telling_words

LABELLED = Path(__file__).parent.parent / "corpus" / "labelled.tsv"


class Verdict(NamedTuple):
    label: str
    confidence: float


class Classifier:
    def __init__(self, examples: Iterable[tuple[str, str]]) -> None:
        self._words: dict[str, Counter[str]] = defaultdict(Counter)
        self._examples: Counter[str] = Counter()
        for label, text in examples:
            self._examples[label] += 1
            self._words[label].update(telling_words(text))
        self._vocabulary = len(set().union(*self._words.values()))

    @classmethod
    def learned(cls) -> "Classifier":
        lines = LABELLED.read_text().splitlines()
        pairs = (line.split("\t") for line in lines)
        return cls((label, text) for label, text in pairs)

    def classify(self, text: str) -> Verdict:
        """Raises BadInput."""
        words = telling_words(text)
        if not words:
            raise BadInput("There are no words to classify.")
        scores = {label: self._score(label, words) for label in self._examples}
        best = max(scores, key=scores.__getitem__)
        total = sum(math.exp(score - scores[best]) for score in scores.values())
        return Verdict(best, round(1 / total, 3))

    def _score(self, label: str, words: list[str]) -> float:
        """The logarithm of the likelihood; a word never seen counts as seen once."""
        known = self._words[label]
        of_all = known.total() + self._vocabulary
        return math.log(self._examples[label]) + sum(
            math.log((known[word] + 1) / of_all) for word in words
        )
