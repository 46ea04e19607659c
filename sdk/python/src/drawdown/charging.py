"""Functions whose every call is charged, for whatever can reserve."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any, TypeVar, Unpack

from drawdown.holding import Hold
from drawdown.terms import ReserveTerms

Result = TypeVar("Result")


class Reserving(ABC):
    """Client and Leases."""

    @abstractmethod
    def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> AbstractContextManager[Hold]: ...

    def charged(
        self, endpoint: str, *, customer: Callable[..., str], **terms: Unpack[ReserveTerms]
    ) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
        """A decorator: each call of the function is held and committed. `customer` is called with
        the function's own arguments. Raises TypeError for what runs only after the call."""
        from_arguments = customer

        def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
            _refuse_what_runs_later(function)

            @wraps(function)
            def charge(*args: Any, **named: Any) -> Result:
                with self.reserve(from_arguments(*args, **named), endpoint, **terms):
                    return function(*args, **named)
                raise AssertionError("Holds let no error pass in silence.")

            return charge

        return decorate


def _refuse_what_runs_later(function: Callable[..., Any]) -> None:
    if iscoroutinefunction(function):
        raise TypeError("For an async function, use `charged` of AsyncClient or AsyncLeases.")
    if isgeneratorfunction(function) or isasyncgenfunction(function):
        raise TypeError("For a generator, use `reserve` inside it.")


class AsyncReserving(ABC):
    """AsyncClient and AsyncLeases."""

    @abstractmethod
    def reserve(
        self,
        customer: str | None = None,
        endpoint: str | None = None,
        **terms: Unpack[ReserveTerms],
    ) -> AbstractAsyncContextManager[Hold]: ...

    def charged(
        self, endpoint: str, *, customer: Callable[..., str], **terms: Unpack[ReserveTerms]
    ) -> Callable[[Callable[..., Awaitable[Result]]], Callable[..., Awaitable[Result]]]:
        """A decorator: each call of the function is held and committed. `customer` is called with
        the function's own arguments."""
        from_arguments = customer

        def decorate(
            function: Callable[..., Awaitable[Result]],
        ) -> Callable[..., Awaitable[Result]]:
            @wraps(function)
            async def charge(*args: Any, **named: Any) -> Result:
                async with self.reserve(from_arguments(*args, **named), endpoint, **terms):
                    return await function(*args, **named)
                raise AssertionError("Holds let no error pass in silence.")

            return charge

        return decorate
