"""Estimates, closes and exchange rates."""

from accounts.errors import InvalidRequest
from billing.books import closing, estimating
from billing.books.estimating import Draft
from billing.books.scenarios.file import Event
from billing.books.scenarios.world import World, minor
from billing.models import ExchangeRate


def estimate(world: World, event: Event) -> None:
    """Its postings are of the event's day."""
    said = event.fields
    remote = minor(said["remote"], world.currency)
    draft = Draft(rate=said["rate"], judged_remote=remote, note="Scenario")
    estimating.estimate(draft, as_of=event.day, of=said["cohort"])


def close(world: World, event: Event) -> None:
    closing.close(event.fields)


def rate(world: World, event: Event) -> None:
    said = event.fields
    if said["rate"] <= 0 or said["currency"] == said["to"]:
        raise InvalidRequest([{"field": "rate", "detail": "Above zero, of two currencies."}])
    ExchangeRate.objects.update_or_create(
        currency=said["currency"], to=said["to"], day=event.day, defaults={"rate": said["rate"]}
    )
