"""What an export refuses.

BooksError
└── NotExported
    ├── UnbalancedJournal  unbalanced-journal
    ├── TooPrecise         amount-too-precise
    ├── AmountTooLarge     amount-too-large
    └── TooManyLines       too-many-lines
"""

from billing.books.errors import BooksError


class NotExported(BooksError):
    pass


class UnbalancedJournal(NotExported):
    code = "unbalanced-journal"


class TooPrecise(NotExported):
    code = "amount-too-precise"


class AmountTooLarge(NotExported):
    code = "amount-too-large"


class TooManyLines(NotExported):
    code = "too-many-lines"
