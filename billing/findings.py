"""What checks and tie-outs found, as it is kept."""

from typing import Any

from ledger.checks import Finding, outside


def as_json(finding: Finding) -> dict[str, Any]:
    """With the rows as people see them. JSON objects lose the order of their names."""
    check, rows = finding.check, [outside(row) for row in finding.rows]
    return {
        "name": check.name,
        "title": check.title,
        "why": check.why,
        "broken": finding.broken,
        "columns": list(rows[0]) if rows else [],
        "rows": rows,
    }
