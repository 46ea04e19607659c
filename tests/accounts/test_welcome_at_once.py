"""Promise: the credits for new customers come once, also when many ask for them at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from accounts import sign_up
from accounts.models import User
from billing import welcome
from ledger.models import Lot
from tests.factories.accounts import UserFactory


def test_at_once_it_gets_them_once(committed):
    """Two clicks, and the sign-in from another device."""
    user = UserFactory()
    sign_up.found_company(user, name="Acme")
    barrier = Barrier(4)

    def grant(_):
        try:
            barrier.wait()
            welcome.grant_to(User.objects.get(id=user.id))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(grant, range(4)))
    assert Lot.objects.filter(customer=user.sign_up.customer).count() == 1
