"""A customer's personal data is erased; amounts, lots, entries and times stay.

`obstacles` says what stands in the way, `statements` what is erased of each table, `running` does
it, and `papers` does it to receipts and invoices once they need not be kept any more.
"""
