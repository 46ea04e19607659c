"""What closing an account refuses: staff are told, and no call of the API is answered with it.

ClosingRefused
└── ClosingChanged
"""

from typing import ClassVar


class ClosingRefused(Exception):
    """With a sentence that says what to do."""

    default_detail: ClassVar[str] = ""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail or self.default_detail
        super().__init__(self.detail)


class ClosingChanged(ClosingRefused):
    default_detail = (
        "What it does has changed since this page was shown, so nothing was done. Look again."
    )
