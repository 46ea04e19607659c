"""What Northwind AI sells, and for how much."""

from django.db.models.functions import Now

from ledger.models import Endpoint, Price, RateCard

CREDIT = 1_000_000

# Code, path, credits per call, and per how many of which quantity how many credits.
ENDPOINTS = (
    ("classify", "/v1/classify", 1 * CREDIT, "", 0, 1),
    ("summarize", "/v1/files/{id}/summary", 4 * CREDIT, "", 0, 1),
    ("extract-pdf", "/v1/files/{id}/text", 12 * CREDIT, "", 0, 1),
    ("generate", "/v1/generate", 2 * CREDIT, "tokens", 350_000, 1000),
)


def publish() -> None:
    card, is_new = RateCard.objects.get_or_create(
        name="launch", defaults={"effective_at": Now(), "published_at": Now()}
    )
    if not is_new:
        return
    for code, path, per_call, quantity, per_quantity, size in ENDPOINTS:
        Price.objects.create(
            rate_card=card,
            endpoint=Endpoint.objects.create(
                code=code, name=code.capitalize(), method="POST", path_template=path
            ),
            per_call=per_call,
            quantity_name=quantity,
            per_quantity=per_quantity,
            quantity_size=size,
        )
