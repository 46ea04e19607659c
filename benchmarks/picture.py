"""`python -m benchmarks.picture RESULTS.json OUT.svg`: the ratios of one run as bars."""

import argparse
import json
from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

from pygal import HorizontalBar
from pygal.style import Style

TITLE = "Drawdown's speed, beside pgbench on the same machine"
AXIS = "times pgbench TPC-B in the same run"
COLORS = "Blue is Drawdown, grey what it is measured beside"
# By the names in figures.py. What is counted differs, so each heading or label says it.
GROUPS = {
    "In the database: reserve, then commit": {
        "insert-8": "bare durable inserts, 8 clients",
        "single-many": "pairs, single calls, 8 clients",
        "lists-10-many": "pairs, lists of 10",
        "lists-100-many": "pairs, lists of 100",
        "lists-1000-many": "pairs, lists of 1,000",
    },
    "Over HTTP: reserve or commit": {
        "http-1-many": "requests, one connection",
        "http-many": "requests, 128 connections",
        "batch-100-many": "operations, lists of 100",
        "batch-1000-many": "operations, lists of 1,000",
    },
    "Others": {
        "by-hand-many": "requests, Django by hand, 128 connections",
        "tigerbeetle-10-many": "pairs, TigerBeetle, lists of 10",
        "tigerbeetle-100-many": "pairs, TigerBeetle, lists of 100",
        "tigerbeetle-1000-many": "pairs, TigerBeetle, lists of 1,000",
    },
}
NOT_OURS = ("insert-", "by-hand-", "tigerbeetle-")
BLUE, GREY = "#0969da", "#8c959f"
WIDTH, ROW_HEIGHT, AROUND = 800, 25, 155
MOST_GUIDES = 15

# Its own background: it is seen on a light page and on a dark one.
STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#1f2328",
    foreground_strong="#1f2328",
    foreground_subtle="#d1d9e0",
    guide_stroke_color="#d1d9e0",
    major_guide_stroke_color="#1f2328",
    guide_stroke_dasharray="none",
    major_guide_stroke_dasharray="4,3",
    font_family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    label_font_size=13,
    major_label_font_size=13,
    value_font_size=13,
    title_font_size=13,
    opacity="1",
    colors=(BLUE,),
)
CSS = (
    ".axis text.major { font-weight: bold; }"
    "text.plot_title:first-child { font-size: 17px; font-weight: bold; }"
    # A number begins where its bar ends, and no line runs through it.
    "text.value { text-anchor: start; }"
    "#chart-speed .text-overlay text.value"
    "{ paint-order: stroke; stroke: #ffffff !important; stroke-width: 4px; }"
)


class Row(NamedTuple):
    """A bar, or a heading, which has no ratio."""

    label: str
    ratio: float | None
    color: str


def draw(kept: Mapping[str, Any]) -> str:
    """An SVG of what `report.keep` wrote. Figures that were not taken are left out; raises
    ValueError if that is all of them."""
    rows = list(_rows({name: spread["median"] for name, spread in kept["ratios"].items()}))
    if not rows:
        raise ValueError("None of the figures that are drawn was taken.")
    chart = _chart(rows, f"{TITLE}\n{_setting(kept)}\n{COLORS}")
    chart.add_xml_filter(lambda root: _bare(root, _told(rows)))
    return str(chart.render(is_unicode=True)) + "\n"


def _rows(ratios: Mapping[str, float]) -> Iterator[Row]:
    for heading, figures in GROUPS.items():
        taken = [name for name in figures if name in ratios]
        if taken:
            yield Row(heading, None, BLUE)
        for name in taken:
            color = GREY if name.startswith(NOT_OURS) else BLUE
            yield Row(figures[name], ratios[name], color)


def _chart(rows: list[Row], title: str) -> HorizontalBar:
    most = ceil(max(row.ratio or 0 for row in rows))
    upwards = rows[::-1]
    chart = HorizontalBar(
        title=title,
        x_title=AXIS,
        width=WIDTH,
        height=AROUND + ROW_HEIGHT * len(rows),
        explicit_size=True,
        margin_right=55,
        style=STYLE,
        css=("file://style.css", "file://graph.css", f"inline:{CSS}"),
        js=(),
        show_legend=False,
        print_values=True,
        print_values_position="top",
        formatter=lambda ratio: f"{ratio:.2f}",
        x_labels=[row.label for row in upwards],
        x_labels_major=[row.label for row in rows if row.ratio is None],
        y_labels=range(0, most + 1, ceil(most / MOST_GUIDES)),
        y_labels_major=[1],
        value_formatter=lambda number: f"{number:.0f}",
        range=(0, most),
        truncate_label=-1,
    )
    # The id that CSS names; otherwise another one each time.
    chart.uuid = "speed"
    chart.add(None, [{"value": row.ratio, "color": row.color} for row in upwards])
    return chart


def _setting(kept: Mapping[str, Any]) -> str:
    machine, setting = kept["machine"], kept["setting"]
    beneath = (
        f"{machine['cores']} cores, {machine['processor']}, PostgreSQL {setting['postgresql']}"
    )
    return f"{beneath}, median of {setting['rounds']} rounds"


def _told(rows: list[Row]) -> str:
    """The picture in words, for who does not see it."""
    told = [row.label if row.ratio is None else f"{row.label} {row.ratio:.2f}" for row in rows]
    return f"Bars, {AXIS}: {'; '.join(told)}."


def _bare(root: Element, told: str) -> Element:
    """Without what pygal adds for its script, and with a title and a description of its own."""
    for parent in list(root.iter()):
        for child in filter(_is_for_script, list(parent)):
            parent.remove(child)
    for tag, text in (("desc", told), ("title", TITLE)):
        child = root.makeelement(tag, {"id": tag})
        child.text = text
        root.insert(0, child)
    root.attrib |= {"role": "img", "aria-labelledby": "title", "aria-describedby": "desc"}
    return root


def _is_for_script(node: Element) -> bool:
    is_comment = not isinstance(node.tag, str)
    is_tooltip = "tooltip-overlay" in node.get("class", "")
    return is_comment or is_tooltip or node.tag in ("script", "desc", "title")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.picture", description=__doc__)
    parser.add_argument("results", type=Path, help="what make bench kept")
    parser.add_argument("picture", type=Path, help="the SVG to write")
    options = parser.parse_args()
    try:
        drawn = draw(json.loads(options.results.read_text()))
    except (OSError, ValueError) as error:
        parser.error(f"{options.results}: {error}")
    options.picture.write_text(drawn)


if __name__ == "__main__":
    main()
