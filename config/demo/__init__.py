"""The demo company: Northwind AI, which sells text tools to ten customers of varied habits.

`company.py` makes it, with some months of `history/`; `northwind/` is its own service, which asks
Drawdown over HTTP like anybody's; `traffic/` are its customers. The last two know no Django.
"""
