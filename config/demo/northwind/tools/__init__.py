"""What Northwind AI sells; each really computes, and none needs more than a moment."""


class BadInput(Exception):
    """The caller's mistake; the message says which."""
