"""Opening balances from another system: a file of lots, tried, approved by another, entered once.

`columns` makes lines of rows, `uploading` keeps them, `deciding` is the second person, `applying`
enters them. What is deferred comes out of account 3900, which the provider's own ledger clears.
"""
