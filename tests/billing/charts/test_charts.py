"""Charts as SVG: what is drawn is what was said."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from billing.charts import Chart, figure
from billing.charts.axis import axis
from billing.charts.svg import draw

MONTHS = ["2026-01", "2026-02", "2026-03"]


def drawn(kind, series, unit="USD", x=MONTHS):
    return ElementTree.fromstring(str(draw(Chart(kind, "Title", unit, x, series))))


def titles(svg):
    return [element.text for element in svg.iter("title")]


@pytest.mark.parametrize("kind", ["bars", "stacked", "line"])
def test_each_value_has_a_mark_that_says_it(kind):
    svg = drawn(kind, [("Use", [100_00, 250_50, 30]), ("Breakage", [10_00, -5_00, 1])])
    assert titles(svg).count("2026-02, Use: 250.50") == 1
    assert "2026-02, Breakage: −5.00" in titles(svg)
    assert len(titles(svg)) == 6
    assert "style" not in {name for element in svg.iter() for name in element.attrib}


def test_bars_are_as_high_as_their_values():
    svg = drawn("bars", [("Use", [100_00, 50_00, 25_00])])
    heights = [float(element.get("height")) for element in svg.iter("rect")]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[0] == pytest.approx(4 * heights[2], abs=0.2)


def test_what_is_stacked_stands_on_what_is_below():
    svg = drawn("stacked", [("A", [100]), ("B", [300])], x=["2026-01"])
    low, high = list(svg.iter("rect"))
    top_of_low = float(low.get("y"))
    assert float(high.get("y")) + float(high.get("height")) == pytest.approx(top_of_low, abs=0.2)


def test_below_zero_goes_down_from_zero():
    svg = drawn("bars", [("A", [-100, 100])], x=["a", "b"])
    down, up = list(svg.iter("rect"))
    zero = next(element for element in svg.iter("line") if element.get("class") == "zero")
    assert float(down.get("y")) == pytest.approx(float(zero.get("y1")), abs=0.2)
    assert float(up.get("y")) < float(zero.get("y1"))


def test_units_are_written_as_they_are():
    assert "2026-01, A: 12.5 %" in titles(drawn("line", [("A", [Decimal("0.125"), 0, 1])], "%"))
    assert "2026-01, A: 2" in titles(drawn("bars", [("A", [2_000_000, 1, 1])], "credits"))
    assert "2026-01, A: 2,000" in titles(drawn("bars", [("A", [2_000, 1, 1])], "JPY"))


def test_more_than_can_be_told_apart_are_one():
    series = [(f"S{number}", [number, 0, 0]) for number in range(1, 10)]
    classes = {element.get("class") for element in drawn("stacked", series).iter("rect")}
    assert classes == {f"mark series-{number}" for number in range(1, 7)}
    assert "2026-01, Other: 0.30" in titles(drawn("stacked", series))


def test_labels_do_not_run_into_each_other():
    many = [f"2026-{number:02}/USD" for number in range(40)]
    svg = drawn("bars", [("A", [1] * 40)], x=many)
    labels = [text.text for text in svg.iter("text") if re.match("2026-", text.text or "")]
    assert labels[0] == "2026-00" and len(labels) <= 14


@pytest.mark.parametrize(
    "values", [[], [0], [1], [-3], [7, -2], [10**18], [Decimal("0.003")], [99, 100, 101]]
)
def test_an_axis_has_zero_and_all_values(values):
    scale = axis(values)
    assert scale.low <= min([0, *values]) and scale.high >= max([0, *values])
    assert 0 in scale.ticks() and 2 <= len(scale.ticks()) <= 8


def test_what_is_said_is_escaped_and_nothing_is_drawn_of_nothing():
    shown = figure(Chart("bars", "<b>", "USD", ["<i>"], [("<u>", [1])]))
    assert not re.search("<[biu]>", shown)
    assert figure(Chart("bars", "T", "USD", [], [("A", [])])) == ""
    assert figure(Chart("bars", "T", "USD", ["a"], [])) == ""
