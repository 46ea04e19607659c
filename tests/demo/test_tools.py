"""Northwind AI's tools compute what they are sold for."""

from random import Random

import pytest

from config.demo.northwind.tools import BadInput, pdf
from config.demo.northwind.tools.classify import Classifier
from config.demo.northwind.tools.generate import PROSE, Generator, joined
from config.demo.northwind.tools.summarize import summarize
from config.demo.traffic import samples

TEXT = """Credits are counted. A credit that is spent is written down, and the credits that are
left are counted again. Rain fell on the hill. Who counts credits twice finds the credits that
were lost. The dog slept."""


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The invoice shows a card that we did not pay with", "billing"),
        ("Uploading a large document crashes with a server error", "fault"),
        ("Is there a guide that explains how to upload a file?", "question"),
        ("Thank you, this is an excellent service", "praise"),
        ("Please close the account and cancel the contract", "cancellation"),
    ],
)
def test_a_message_is_classified(text: str, label: str) -> None:
    verdict = Classifier.learned().classify(text)
    assert verdict.label == label
    assert 0.2 < verdict.confidence <= 1


@pytest.mark.parametrize("text", ["", "1 2 3", "to be or not to be", "!?"])
def test_without_telling_words_there_is_nothing_to_classify(text: str) -> None:
    with pytest.raises(BadInput):
        Classifier.learned().classify(text)


def test_a_summary_is_the_sentences_that_say_most_in_their_order() -> None:
    assert summarize(TEXT, length=2) == [
        "Credits are counted.",
        "Who counts credits twice finds the credits that were lost.",
    ]


def test_one_sentence_is_no_text_to_summarise() -> None:
    with pytest.raises(BadInput):
        summarize("Too short.")


def test_the_text_of_each_page_is_extracted() -> None:
    pages = ["The first page (with brackets) and a \\ in it.", "The second page. " * 30]
    document = samples.pdf(pages)
    assert [" ".join(page.split()) for page in pdf.extract(document)] == [
        page.strip() for page in pages
    ]


@pytest.mark.parametrize("document", [b"", b"%PDF- of nothing", b"\0" * 100])
def test_what_is_no_pdf_is_refused(document: bytes) -> None:
    with pytest.raises(BadInput):
        pdf.extract(document)


def test_a_damaged_pdf_never_fails_otherwise() -> None:
    chance = Random(1)
    document = samples.pdf(["Some words on a page."])
    for _ in range(100):
        damaged = bytearray(document)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            pdf.extract(bytes(damaged))
        except BadInput:
            continue


def test_prose_is_generated_token_by_token() -> None:
    tokens = list(Generator.learned().tokens("It began. The keeper", 200, Random(1)))
    assert len(tokens) == 200
    assert tokens[0] == "of"
    assert set(tokens) <= set(PROSE.read_text().replace(".", " .").replace(",", " ,").split())
    assert joined(["The", "sea", ",", "then", "."]) == "The sea, then."
