"""What is due is sent: to each endpoint one after the other, to many endpoints at once.

Whoever sends to an endpoint holds a lease on it, so that its first attempts keep their order. An
attempt is counted before it is made and noted when it is answered: a process that is killed
between the two repeats what it had on the way, which is one delivery for each endpoint.

The database is spoken to by the caller's thread alone; another one has the connections, and with
them all the waiting.
"""

from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import timedelta
from ssl import SSLContext
from time import monotonic
from typing import Final

import httpcore
from anyio.from_thread import BlockingPortal, start_blocking_portal
from django.db.models.functions import Now

from billing.models import WebhookDelivery, WebhookEndpoint
from billing.webhooks_out import addresses, noting, signing
from billing.webhooks_out.addresses import Resolver
from billing.webhooks_out.sending import Answer, Request, pool, send

# Endpoints that one process sends to at once. One that hangs has only its own place.
AT_ONCE: Final = 200
# After so long, an endpoint that has more makes room for others, and a run for the next run.
TURN_SECONDS: Final = 5.0
RUN_SECONDS: Final = 60.0
# Longer than a turn and the request that it ends with.
LEASE: Final = timedelta(seconds=30)
# How soon a run that waits for slow ones sees what else is due.
LOOK_SECONDS: Final = 0.25

USER_AGENT: Final = "Drawdown-Webhooks/1"

_CLAIM: Final = """
update billing_webhookendpoint set leased_until = statement_timestamp() + %s
where id in (
    select e.id from billing_webhookendpoint e
    where e.enabled and e.leased_until <= statement_timestamp()
        and e.rests_until <= statement_timestamp()
        and exists (
            select from billing_webhookdelivery d
            where d.endpoint_id = e.id and d.state = 'due' and d.due_at <= statement_timestamp())
    order by e.failures > 0, e.leased_until limit %s for update skip locked
)
returning *
"""

_NEXT: Final = """
update billing_webhookdelivery
set attempts = attempts + 1, due_at = statement_timestamp() + %s
where id = (
    select d.id
    from billing_webhookdelivery d join billing_webhookendpoint e on e.id = d.endpoint_id
    where d.endpoint_id = %s and e.enabled and d.state = 'due' and d.due_at <= statement_timestamp()
    order by d.due_at, d.id limit 1 for update of d skip locked
)
returning *
"""


def deliver_due(resolve: Resolver = addresses.resolved, trusted: SSLContext | None = None) -> int:
    """How many were delivered."""
    claimed = _claim(AT_ONCE)
    if not claimed:
        return 0
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(pool(resolve, trusted)) as connections,
    ):
        return _Run(portal, connections).deliver(claimed)


class _Turn:
    """An endpoint while it is held, and what is on the way to it."""

    def __init__(self, endpoint: WebhookEndpoint) -> None:
        self.endpoint = endpoint
        self.ends_at = monotonic() + TURN_SECONDS
        self.delivery: WebhookDelivery
        self.request: Request


class _Run:
    def __init__(self, portal: BlockingPortal, connections: httpcore.AsyncConnectionPool) -> None:
        self._portal, self._connections = portal, connections
        self._on_the_way: dict[Future[Answer], _Turn] = {}
        self._ends_at = monotonic() + RUN_SECONDS
        self._looks_at = monotonic() + LOOK_SECONDS
        self._delivered = 0

    def deliver(self, claimed: list[WebhookEndpoint]) -> int:
        while claimed or self._on_the_way:
            for endpoint in claimed:
                self._send_next(_Turn(endpoint))
            answered, _ = wait(self._on_the_way, LOOK_SECONDS, FIRST_COMPLETED)
            for future in answered:
                self._go_on(self._on_the_way.pop(future), future.result())
            claimed = self._claim_more()
        return self._delivered

    def _claim_more(self) -> list[WebhookEndpoint]:
        now = monotonic()
        if now >= self._ends_at or (self._on_the_way and now < self._looks_at):
            return []
        self._looks_at = now + LOOK_SECONDS
        return _claim(AT_ONCE - len(self._on_the_way))

    def _go_on(self, turn: _Turn, answer: Answer) -> None:
        noting.note(turn.endpoint, turn.delivery, turn.request, answer)
        self._delivered += answer.is_delivered
        if answer.is_delivered and monotonic() < turn.ends_at:
            self._send_next(turn)
        else:
            _release(turn.endpoint)

    def _send_next(self, turn: _Turn) -> None:
        delivery = next(iter(WebhookDelivery.objects.raw(_NEXT, [LEASE, turn.endpoint.pk])), None)
        if delivery is None:
            _release(turn.endpoint)
            return
        turn.delivery, turn.request = delivery, request_of(turn.endpoint, delivery)
        future = self._portal.start_task_soon(send, self._connections, turn.request)
        self._on_the_way[future] = turn


def request_of(endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> Request:
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    headers |= signing.headers(endpoint, delivery)
    return Request(endpoint.url, headers, delivery.body.encode())


def _claim(most: int) -> list[WebhookEndpoint]:
    """Those that fail last, so that they never fill all places."""
    return list(WebhookEndpoint.objects.raw(_CLAIM, [LEASE, most]))


def _release(endpoint: WebhookEndpoint) -> None:
    """Unless it took so long that another has it by now."""
    held = WebhookEndpoint.objects.filter(pk=endpoint.pk, leased_until=endpoint.leased_until)
    held.update(leased_until=Now())
