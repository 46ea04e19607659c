"""A chart on a page: title, unit, legend, drawing, and the table of its figures behind it."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from billing.charts import units
from billing.charts.chart import Chart
from billing.charts.svg import draw, few


def figure(chart: Chart) -> SafeString:
    """Empty where there is nothing to show."""
    series = few(chart.series, may_sum=chart.kind != "line")
    if not chart.x or not series:
        return SafeString("")
    columns = [[units.told(value, chart.unit) for value in values] for _, values in chart.series]
    shown = {
        "chart": chart,
        "svg": draw(chart),
        "unit": units.name(chart.unit),
        "legend": list(enumerate((name for name, _ in series), start=1)),
        "columns": [name for name, _ in chart.series],
        "rows": list(zip(chart.names, zip(*columns, strict=True), strict=True)),
    }
    return SafeString(render_to_string("components/chart.html", shown))
