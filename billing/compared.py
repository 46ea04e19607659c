"""What was, beside what was in the same time before."""

from decimal import Decimal

from billing import figures


def in_words(now: int | Decimal, before: int | Decimal, said: str) -> str:
    """`20 % more than before (300)`, where `said` is what was before; empty where both are none."""
    if not before:
        return "Nothing before" if now else ""
    if now == before:
        return f"As much as before ({said})"
    part = figures.percent(Decimal(abs(Decimal(now) - before)) / abs(Decimal(before)), 0)
    if part == "0 %":
        return f"About as much as before ({said})"
    return f"{part} {'more' if now > before else 'less'} than before ({said})"
