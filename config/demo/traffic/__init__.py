"""The customers of Northwind AI, at work: `samples.py` is what they send, `habits.py` how they
behave, `callers.py` does it over HTTP."""
