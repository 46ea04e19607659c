"""The picture of what `make bench` kept."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import figures, picture
from benchmarks.generators import Generators

SVG = "{http://www.w3.org/2000/svg}"


def kept(**ratios: float) -> dict[str, object]:
    """As `report.keep` writes it, as far as it is drawn."""
    return {
        "machine": {"cores": 2, "processor": "Abacus <1>"},
        "setting": {"rounds": 3, "postgresql": "18.6"},
        "ratios": {
            name.replace("_", "-"): {"median": ratio, "low": 0.0, "high": 99.0}
            for name, ratio in ratios.items()
        },
    }


def texts(drawn: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def bars(drawn: str) -> list[float]:
    """Their lengths, from above."""
    found = ElementTree.fromstring(drawn).iterfind(f".//{SVG}g[@class='bar']/{SVG}rect")
    by_height = sorted((float(bar.attrib["y"]), float(bar.attrib["width"])) for bar in found)
    return [width for _, width in by_height]


def test_each_ratio_has_a_bar_of_its_length_and_its_number() -> None:
    drawn = picture.draw(kept(tpcb=1, single_many=1.5, http_many=3, by_hand_many=0.06))
    assert {"1.50", "3.00", "0.06"} < set(texts(drawn))
    single, http, by_hand = bars(drawn)
    assert http == pytest.approx(2 * single)
    assert by_hand == pytest.approx(single / 25)


def test_what_was_not_taken_is_left_out() -> None:
    drawn = picture.draw(kept(single_many=1.5, insert_8=6, leases_hot=220, single_hot=0.7))
    shown = texts(drawn)
    assert "pairs, single calls, 8 clients" in shown
    assert not {"220.00", "0.70", "pairs, lists of 10", "Others"} & set(shown)
    assert len(bars(drawn)) == 2


def test_it_is_told_on_which_machine_and_in_words_for_who_does_not_see_it() -> None:
    drawn = picture.draw(kept(http_many=3.21))
    assert "2 cores, Abacus <1>, PostgreSQL 18.6, median of 3 rounds" in texts(drawn)
    root = ElementTree.fromstring(drawn)
    assert root.findtext(f"{SVG}title") == picture.TITLE
    assert "128 connections 3.21" in (root.findtext(f"{SVG}desc") or "")


def test_it_has_no_script_and_needs_nothing_from_elsewhere() -> None:
    drawn = picture.draw(kept(http_many=3, single_many=1.5))
    assert "<script" not in drawn
    assert "href" not in drawn and "url(" not in drawn and "@import" not in drawn
    assert "//" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_the_same_results_make_the_same_picture() -> None:
    assert picture.draw(kept(http_many=3)) == picture.draw(kept(http_many=3))


def test_results_with_nothing_to_draw_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results, svg = tmp_path / "results.json", tmp_path / "out.svg"
    results.write_text(json.dumps(kept(tpcb=1)))
    monkeypatch.setattr(sys, "argv", ["picture", str(results), str(svg)])
    with pytest.raises(SystemExit):
        picture.main()
    assert "None of the figures" in capsys.readouterr().err
    assert not svg.exists()


def test_every_figure_that_it_draws_is_measured() -> None:
    by = Generators(None, None, ExitStack())
    by._tigerbeetle = "3000"
    measured = {figure.name for figure in figures.figures(by)}
    assert {name for group in picture.GROUPS.values() for name in group} <= measured
