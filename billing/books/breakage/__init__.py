"""The mathematics of breakage: functions of figures, without a database.

Amounts are whole minor units of one currency, and what an estimate makes of them is a Decimal of
minor units, not rounded. Paragraphs are those of the accounting rules.
"""
