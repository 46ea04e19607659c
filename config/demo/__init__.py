"""The demo company: Northwind AI, which sells a few endpoints to three customers."""

from config.demo.company import load
from config.demo.welcome import welcome

__all__ = ["load", "welcome"]
