"""Charts: what is to be drawn, and the figure that shows it with its title, unit and table."""

from billing.charts.chart import Chart
from billing.charts.figure import figure

__all__ = ["Chart", "figure"]
