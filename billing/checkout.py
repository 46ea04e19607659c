"""From a pack to the provider's page: a pending purchase with the pack as it is now."""

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Customer, Member
from accounts.sandboxes import require_open, require_real
from billing import providers, tax
from billing.errors import PackUnavailable, ProviderDeclined, TooManyOpen
from billing.models import (
    BillingProfile,
    Pack,
    PackPrice,
    ProviderCustomer,
    Purchase,
    PurchaseState,
)
from billing.providers.base import Order
from billing.selectors import packs_on_sale
from billing.shares import part_of

OPEN_FOR = timedelta(hours=24)
# Pending purchases of one customer: more than anybody means to pay.
OPEN_MAX = 50

logger = logging.getLogger(__name__)

# The pages that a payer comes back to.
PageOf = Callable[[Purchase], str]


def start(
    customer: Customer,
    pack: Pack,
    currency: str,
    member: Member | None,
    *,
    return_url: PageOf,
    cancel_url: PageOf,
    key: UUID | None = None,
    save_card: bool = False,
) -> Purchase:
    """A purchase, whose `checkout_url` is where to pay for it.

    Under one `key` it is one purchase, however often its form is sent. With `save_card` the payer
    agrees that the card is charged again, without being asked each time. Raises PackUnavailable,
    PlaceMissing, NoProvider, TooManyOpen, NotInASandbox, CustomerSuspended (closed for good);
    ProviderFailed, after which the same may be asked again; ProviderDeclined, after which it would
    be declined again.
    """
    require_real(customer)
    require_open(customer)
    _check_number_open(customer, key)
    purchase = _create(customer, pack, currency, member, key, save_card=save_card)
    return open_checkout(purchase, return_url=return_url, cancel_url=cancel_url)


def open_checkout(purchase: Purchase, *, return_url: PageOf, cancel_url: PageOf) -> Purchase:
    """Asked again after a failure, it is what was wanted first. Raises ProviderFailed,
    ProviderDeclined."""
    if purchase.checkout_url:
        return purchase
    order = _order(purchase, return_url(purchase), cancel_url(purchase))
    try:
        checkout = providers.get(purchase.provider).create_checkout(order)
    except ProviderDeclined as declined:
        logger.warning("no checkout for %s: %s", purchase.name, declined.detail)
        raise
    # Where two asked at once, all pay on the page of the first.
    Purchase.objects.filter(id=purchase.id, checkout_url="").update(
        provider_ref=checkout.ref, checkout_url=checkout.url
    )
    purchase.refresh_from_db()
    return purchase


def for_saved_card(
    customer: Customer, price: PackPrice, quantity: int, *, provider: str, key: UUID | None
) -> Purchase:
    """A purchase of so many packs to come, which is paid without the payer: whoever saves it has it
    charged. Raises PlaceMissing, NotInASandbox, CustomerSuspended."""
    require_real(customer)
    require_open(customer)
    return _snapshot(customer, price, None, key, provider=provider, quantity=quantity)


def cancel(purchase: Purchase) -> None:
    """The payer came back without paying. Whoever has the page open still may pay: then it is
    paid."""
    Purchase.objects.filter(id=purchase.id, state=PurchaseState.PENDING).update(
        state=PurchaseState.CANCELLED
    )


def price_of(customer: Customer, pack: Pack, currency: str) -> PackPrice:
    """Raises PackUnavailable."""
    on_sale = packs_on_sale(customer).filter(id=pack.id)
    price = PackPrice.objects.filter(pack__in=on_sale, price_currency=currency).first()
    if price is None or not can_be_sold(price.pack, price.price.get_amount_in_sub_unit()):
        raise PackUnavailable
    return price


def _check_number_open(customer: Customer, key: UUID | None) -> None:
    """Each has a page at the provider, and is asked for when its time is over."""
    bought = Purchase.objects.filter(customer=customer)
    is_sent_again = key is not None and bought.filter(key=key).exists()
    pending = bought.filter(state=PurchaseState.PENDING, expires_at__gt=timezone.now())
    if not is_sent_again and pending.count() >= OPEN_MAX:
        raise TooManyOpen


def _create(
    customer: Customer,
    pack: Pack,
    currency: str,
    member: Member | None,
    key: UUID | None,
    *,
    save_card: bool = False,
) -> Purchase:
    known = Purchase.objects.filter(customer=customer, key=key).first() if key else None
    if known:
        return known
    purchase = _snapshot(customer, price_of(customer, pack, currency), member, key)
    purchase.save_card = save_card
    try:
        with transaction.atomic():
            purchase.save(force_insert=True)
    except IntegrityError:
        # The same form, sent twice at once, or something else.
        known = Purchase.objects.filter(customer=customer, key=key).first() if key else None
        if known is None:
            raise
        return known
    return purchase


def _snapshot(
    customer: Customer,
    price: PackPrice,
    member: Member | None,
    key: UUID | None,
    *,
    provider: str = "",
    quantity: int = 1,
) -> Purchase:
    pack, net = price.pack, quantity * price.price.get_amount_in_sub_unit()
    profile = BillingProfile.objects.filter(customer=customer).first()
    by_provider = settings.TAX_BY_PROVIDER and not tax.is_on_use()
    due = tax.Tax(0) if by_provider else tax.at_sale(net, profile)
    return Purchase(
        customer=customer,
        pack=pack,
        pack_code=pack.code,
        pack_name=pack.name,
        quantity=quantity,
        credits=quantity * pack.credits,
        bonus_credits=quantity * pack.bonus_credits,
        validity_days=pack.validity_days,
        bonus_validity_days=pack.bonus_validity_days,
        bonus_net=bonus_net(pack, net),
        currency=price.price.currency.code,
        net=net,
        tax=due.amount,
        total=net + due.amount,
        tax_name=due.name,
        tax_percent=due.percent,
        tax_country=due.country,
        tax_region=due.region,
        tax_on_use=due.on_use,
        tax_by_provider=by_provider,
        provider=provider or providers.default().name,
        key=key,
        made_by=member.user if member else None,
        expires_at=timezone.now() + OPEN_FOR,
    )


def can_be_sold(pack: Pack, net: int) -> bool:
    """The credits that are paid for cost something, after a bonus took its part of the price."""
    return bonus_net(pack, net) < net


def bonus_net(pack: Pack, net: int) -> int:
    """What of the price belongs to a bonus on terms of its own: by what of each is expected to be
    used (E03b)."""
    if not pack.bonus_credits or pack.bonus_validity_days is None:
        return 0
    paid = pack.credits * pack.expected_use_percent
    bonus = pack.bonus_credits * pack.bonus_expected_use_percent
    return part_of(net, bonus, paid + bonus)


def _order(purchase: Purchase, return_url: str, cancel_url: str) -> Order:
    customer = purchase.customer
    known = ProviderCustomer.objects.filter(customer=customer, provider=purchase.provider).first()
    return Order(
        our_purchase=purchase.name,
        description=purchase.description,
        net=purchase.net,
        tax=purchase.tax,
        tax_name=purchase.tax_name,
        tax_by_provider=purchase.tax_by_provider,
        currency=purchase.currency,
        our_customer=customer.id.hex,
        customer_ref=known.ref if known else None,
        email=purchase.made_by.email if purchase.made_by else customer.email,
        return_url=return_url,
        cancel_url=cancel_url,
        expires_at=purchase.expires_at,
        save_card=purchase.save_card,
    )
