"""Two that wait for each other are no fault of either: one of them tries again."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection
from psycopg import errors

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 10
_PASSING = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


def retrying(function: Callable[P, R]) -> Callable[P, R]:
    @wraps(function)
    def patient(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not isinstance(error.__cause__, _PASSING):
                    raise
                time.sleep(0.01 * attempt)
        return function(*args, **kwargs)

    return patient
