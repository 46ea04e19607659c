"""Northwind AI's own service: text tools that are paid with credits.

It knows of Drawdown what any provider's service knows: its address and a service key. Read
`app.py` (what is sold), then `guard.py` (how every call is paid), then `tools/`.
"""
