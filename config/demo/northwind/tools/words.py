import re

WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_COMMON = """
a about all also an and any are as at be been but by can could did do does for from had has have he
her his how i if in into is it its me more my no not of on or our she so some than that the their
them then there these they this to was we were what when where which who will with would you your
"""
# Too common to tell anything about a text.
STOP_WORDS = frozenset(_COMMON.split())


def telling_words(text: str) -> list[str]:
    return [word for word in WORD.findall(text.lower()) if word not in STOP_WORDS]


def sentences(text: str) -> list[str]:
    return [part for part in _SENTENCE_END.split(" ".join(text.split())) if part]
