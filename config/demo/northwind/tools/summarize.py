"""A summary out of the text's own sentences: those whose words the text uses most."""

from collections import Counter

from config.demo.northwind.tools import BadInput
from config.demo.northwind.tools.words import sentences, telling_words

SHORTEST = 2


def summarize(text: str, length: int = 3) -> list[str]:
    """So many sentences, in the order of the text. Raises BadInput."""
    found = sentences(text)
    if len(found) < SHORTEST:
        raise BadInput("A text of one sentence cannot be summarised.")
    frequency = Counter(telling_words(text))
    ranked = sorted(range(len(found)), key=lambda i: _weight(found[i], frequency), reverse=True)
    return [found[i] for i in sorted(ranked[:length])]


def _weight(sentence: str, frequency: Counter[str]) -> float:
    """The mean, so that long sentences are not better for their length alone."""
    words = telling_words(sentence)
    return sum(frequency[word] for word in words) / (len(words) or 1)
