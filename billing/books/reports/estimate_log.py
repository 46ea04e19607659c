from datetime import date

from billing.books.reports.table import Table


def report(month: date) -> list[Table]:
    return []
