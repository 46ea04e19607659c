"""Every operation that there is under /v1, as the code knows it: Django's addresses and those of
the fast path."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from drf_spectacular.generators import EndpointEnumerator

from accounts.rest import KeyedView
from ledger.fastpath import calls, desk, routes

# Their bodies say what names them.
_KEYLESS: Final = {*routes.LISTS, routes.SETTLE}


class Route(NamedTuple):
    method: str
    path: str
    scope: str
    is_open_to_the_customer: bool
    has_key: bool  # an Idempotency-Key names it
    is_fastpath: bool


# Where the fast path builds an address these stand for the id.
_ID: Final = "{reservation_id}"
_LEASE_ID: Final = "{lease_id}"


def found() -> list[Route]:
    return sorted([*_rest(), *_fastpath()], key=lambda route: (route.path, route.method))


class _Endpoints(EndpointEnumerator):
    """Those that a view says it has a scope for: others of its methods are somebody else's, and
    where payment providers report is opened by no key."""

    def get_allowed_methods(self, callback: Any) -> list[str]:
        view = callback.cls
        return list(view.required_scopes) if issubclass(view, KeyedView) else []


def _rest() -> Iterator[Route]:
    for path, _, method, callback in _Endpoints().get_api_endpoints():  # type: ignore[no-untyped-call]
        view: type[KeyedView] = callback.cls
        scope = view.required_scopes[method]
        reads = method in view.reading_methods
        yield Route(method, path, scope, view.open_to_the_customer and reads, not reads, False)


def _fastpath() -> Iterator[Route]:
    settling = {routes.path_of(op, _ID): op for op in routes.SETTLING}
    settling[routes.path_of(routes.SETTLE, _LEASE_ID)] = routes.SETTLE
    for path, op in {**routes.FIXED, **settling}.items():
        scope = calls.WRITE if op in routes.LISTS else desk.VERBS[op].scope
        yield Route("POST", path, scope, False, op not in _KEYLESS, True)
