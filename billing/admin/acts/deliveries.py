"""What a webhook told is told again."""

from typing import Final

from accounts import ids
from accounts.confirming import Act, Deed, Target
from accounts.models import User
from billing.admin import shown as billing_shown
from billing.models import DeliveryState, WebhookDelivery
from billing.webhooks_out import resending
from billing.webhooks_out.signing import EVENT


def _look(delivery: WebhookDelivery, by: User) -> Target:
    endpoint = delivery.endpoint
    times = "once" if delivery.attempts == 1 else f"{delivery.attempts} times"
    return Target(
        key=str(delivery.pk),
        name=f"{delivery.kind} {ids.encode(EVENT, delivery.event_id)}",
        about=delivery,
        now=f"{delivery.get_state_display()}, tried {times}",
        will=f"Sent to {endpoint.url} of {endpoint.customer.name}, as it was written then.",
        refusal=_refusal(delivery),
        page=billing_shown.page(delivery),
        mark=f"{delivery.state} {delivery.attempts} {delivery.due_at} {endpoint.enabled}",
        customer_id=endpoint.customer_id,
    )


def _refusal(delivery: WebhookDelivery) -> str:
    if delivery.endpoint.removed_at is not None:
        return "The customer removed this endpoint."
    if not delivery.endpoint.enabled:
        return "The endpoint is disabled: the customer must enable it first."
    return "It waits to be sent anyway." if delivery.state == DeliveryState.DUE else ""


def _replay(delivery: WebhookDelivery, deed: Deed) -> str:
    number = resending.resend(WebhookDelivery.objects.filter(pk=delivery.pk))
    return f"{delivery.kind}: {'on its way again' if number else 'not sent again'}."


REPLAY: Final = Act(
    code="replay",
    done="delivery.replayed",
    permission="billing.replay_delivery",
    verb="Send again",
    consequence="Each is sent as if it were new, with its old id, so that a receiver that keeps to "
    "our rules does nothing twice. One that fails is tried again as usual.",
    look=_look,
    do=_replay,
)
