"""A chart as SVG: elements with classes, whose colours the style sheet knows for light and
dark. The figures stand in a table behind it (figure.py)."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Any, Final, NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.charts.axis import Axis, axis
from billing.charts.chart import Chart, Series, Value
from billing.charts.units import at_line, least_step, told

WIDTH: Final = 760
HEIGHT: Final = 300
LEFT, RIGHT, TOP, BOTTOM = 88, 12, 14, 34
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
BAR_MAX = 28.0
GAP = 2.0
CHARACTER: Final = 5.8  # about the width of one of a label
# As many colours are told apart; the rest is one series of its own.
SERIES_MAX = 6


class Bar(NamedTuple):
    series: int  # from 1
    x: float
    width: float
    base: Value
    top: Value
    label: str
    is_open: bool = False


def draw(chart: Chart) -> SafeString:
    series = few(chart.series, may_sum=chart.kind != "line")
    scale = axis(_extremes(chart.kind, series), least_step=least_step(chart.unit))
    bars = {"bars": _bars, "stacked": _stacked}
    marks = (
        _lines(series, chart, scale)
        if chart.kind == "line"
        else _drawn(bars[chart.kind](series, chart), scale)
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        f"{chart.title}. The figures are in the table below.",
        _grid(scale, chart.unit),
        _labels([label.removesuffix(f"/{chart.unit}") for label in chart.x], chart.is_open),
        marks,
    )


def few(series: Sequence[Series], *, may_sum: bool) -> list[Series]:
    if len(series) <= SERIES_MAX or not may_sum:
        return list(series[:SERIES_MAX])
    rest = [values for _, values in series[SERIES_MAX - 1 :]]
    summed = [sum(values) for values in zip(*rest, strict=True)]
    return [*series[: SERIES_MAX - 1], ("Other", summed)]


def _extremes(kind: str, series: Sequence[Series]) -> Iterator[Value]:
    columns = zip(*(values for _, values in series), strict=True)
    for column in columns:
        if kind == "stacked":
            yield sum(value for value in column if value > 0)
            yield sum(value for value in column if value < 0)
        else:
            yield from column


def _bars(series: Sequence[Series], chart: Chart) -> Iterator[Bar]:
    slot = PLOT_WIDTH / len(chart.x)
    width = min(BAR_MAX, (slot * 0.8 - GAP * (len(series) - 1)) / len(series))
    whole = width * len(series) + GAP * (len(series) - 1)
    for at, label in enumerate(chart.names):
        start = LEFT + slot * at + (slot - whole) / 2
        for number, (name, values) in enumerate(series):
            title = f"{label}, {name}: {told(values[at], chart.unit)}"
            yield Bar(
                number + 1,
                start + number * (width + GAP),
                width,
                0,
                values[at],
                title,
                _is_open(chart, at),
            )


def _stacked(series: Sequence[Series], chart: Chart) -> Iterator[Bar]:
    slot = PLOT_WIDTH / len(chart.x)
    width = min(BAR_MAX * 1.5, slot * 0.7)
    for at, label in enumerate(chart.names):
        up: Value = 0
        down: Value = 0
        for number, (name, values) in enumerate(series):
            value = values[at]
            base = up if value >= 0 else down
            title = f"{label}, {name}: {told(value, chart.unit)}"
            start = LEFT + slot * at + (slot - width) / 2
            yield Bar(number + 1, start, width, base, base + value, title, _is_open(chart, at))
            up, down = (base + value, down) if value >= 0 else (up, base + value)


def _is_open(chart: Chart, at: int) -> bool:
    return chart.is_open and at == len(chart.x) - 1


def _drawn(bars: Iterator[Bar], scale: Axis) -> SafeString:
    return format_html_join(
        "",
        '<rect class="mark series-{}{}" x="{}" y="{}" width="{}" height="{}" rx="2">'
        "<title>{}</title></rect>",
        (_rectangle(bar, scale) for bar in bars if bar.base != bar.top),
    )


def _rectangle(bar: Bar, scale: Axis) -> tuple[Any, ...]:
    top, bottom = sorted((_y(bar.base, scale), _y(bar.top, scale)))
    height = max(bottom - top, 1.0)
    state = " open" if bar.is_open else ""
    return bar.series, state, _px(bar.x), _px(top), _px(bar.width), _px(height), bar.label


def _lines(series: Sequence[Series], chart: Chart, scale: Axis) -> SafeString:
    return format_html_join("", "{}", ((_line(*one, chart, scale),) for one in enumerate(series)))


def _line(number: int, series: Series, chart: Chart, scale: Axis) -> SafeString:
    name, values = series
    slot = PLOT_WIDTH / len(chart.x)
    points = [
        (_px(LEFT + slot * (at + 0.5)), _px(_y(value, scale))) for at, value in enumerate(values)
    ]
    dots = format_html_join(
        "",
        '<circle class="mark series-{}" cx="{}" cy="{}" r="4"><title>{}</title></circle>',
        (
            (number + 1, x, y, f"{label}, {name}: {told(value, chart.unit)}")
            for (x, y), label, value in zip(points, chart.names, values, strict=True)
        ),
    )
    way = " ".join(f"{x},{y}" for x, y in points)
    return format_html('<polyline class="line series-{}" points="{}"/>{}', number + 1, way, dots)


def _grid(scale: Axis, unit: str) -> SafeString:
    return format_html_join(
        "",
        '<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                "zero" if tick == 0 else "grid",
                *(LEFT, WIDTH - RIGHT, _px(_y(tick, scale)), _px(_y(tick, scale))),
                *(LEFT - 8, _px(_y(tick, scale) + 4), at_line(tick, scale.step, unit)),
            )
            for tick in scale.ticks()
        ),
    )


def _labels(labels: Sequence[str], is_open: bool) -> SafeString:
    """As many as there is room for; what is not over yet has one."""
    slot = PLOT_WIDTH / len(labels)
    every = ceil((max(map(len, labels)) + 1) * CHARACTER / slot)
    first = (len(labels) - 1) % every if is_open else 0
    return format_html_join(
        "",
        '<text class="tick" x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (_px(LEFT + slot * (at + 0.5)), HEIGHT - BOTTOM + 20, label)
            for at, label in enumerate(labels)
            if at % every == first
        ),
    )


def _y(value: Value, scale: Axis) -> float:
    return TOP + PLOT_HEIGHT * scale.part(value)


def _px(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
