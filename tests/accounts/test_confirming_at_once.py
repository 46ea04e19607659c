"""Pressed by several at once, an act is done once."""

from threading import Thread

from django.db import connections
from django.test import Client

from accounts import acts
from accounts.admin.acting import address
from accounts.models import Confirmation, Customer, CustomerStatus, User
from tests.confirming import form_of
from tests.factories.accounts import CustomerFactory


def test_one_page_that_is_sent_by_four_at_once_has_one_effect(committed):
    boss = User.objects.create_superuser("at-once@example.com")
    staff = Client()
    staff.force_login(boss)
    acme = CustomerFactory()
    page = address(acts.SUSPEND_CUSTOMER, acme)
    sent = form_of(staff, page) | {"reason": "Fraud"}
    answers = []

    def press():
        try:
            answers.append(staff.post(page, sent).status_code)
        finally:
            connections.close_all()

    pressing = [Thread(target=press) for _ in range(4)]
    for one in pressing:
        one.start()
    for one in pressing:
        one.join()
    assert answers == [302] * 4
    assert Confirmation.objects.filter(by=boss).count() == 1
    assert Customer.objects.get(pk=acme.pk).status == CustomerStatus.SUSPENDED
