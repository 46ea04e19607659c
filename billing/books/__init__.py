"""The books: revenue from use, breakage, periods and what is reported of them."""
