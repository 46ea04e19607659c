class DetachedError(Exception):
    """Why a month cannot be detached or attached, and what to do. Nothing was changed."""


class MonthRefused(DetachedError):
    """The month is not one to be detached now, or is none to be attached."""


class FileRefused(DetachedError):
    """Damaged, or not of this database."""


class Busy(DetachedError):
    """Somebody else is at work on the same rows."""

    def __init__(self) -> None:
        super().__init__("Others are at work on these calls: nothing was changed, try again.")
