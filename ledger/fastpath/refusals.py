"""What the fast path refuses by itself, beside what the other files do.

LedgerError
├── Unavailable      unavailable: the database does not answer, or too much is waiting
├── Failed           internal-error
├── MalformedJson    malformed-json
├── MalformedRequest malformed-request
├── TooLarge         request-too-large
├── TooMany          too-many-operations
└── WrongMethod      method-not-allowed
"""

from ledger.errors import LedgerError


class Unavailable(LedgerError):
    def __init__(self, detail: str = "The database does not answer now.") -> None:
        super().__init__("unavailable", detail)


class Failed(LedgerError):
    def __init__(self) -> None:
        super().__init__("internal-error", "")


class MalformedJson(LedgerError):
    def __init__(self, why: object) -> None:
        super().__init__("malformed-json", f"The body is not JSON: {why}")


class MalformedRequest(LedgerError):
    def __init__(self, why: str = "") -> None:
        super().__init__("malformed-request", why)


class TooLarge(LedgerError):
    def __init__(self, limit: int) -> None:
        super().__init__("request-too-large", f"A body here has at most {limit} bytes.")


class TooMany(LedgerError):
    def __init__(self, number: int) -> None:
        super().__init__(
            "too-many-operations", f"A batch has 1 to 1,000 operations, this one has {number}."
        )


class WrongMethod(LedgerError):
    def __init__(self) -> None:
        super().__init__("method-not-allowed", "This address takes POST.")
