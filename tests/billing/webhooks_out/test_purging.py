from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from billing.models import WebhookAttempt, WebhookDelivery
from billing.webhooks_out import deliver_due, purge
from tests.billing.webhooks_out.conftest import due_for

pytestmark = pytest.mark.django_db


def test_the_log_of_before_goes_with_its_attempts(add):
    endpoint = add()
    old, _ = due_for(endpoint, 2)
    assert deliver_due() == 2
    (due,) = due_for(endpoint)
    before = timezone.now() - timedelta(days=30)
    WebhookDelivery.objects.filter(pk__in=[old.pk, due.pk]).update(
        created_at=before - timedelta(seconds=1)
    )
    assert purge(before) == 1
    assert not WebhookDelivery.objects.filter(pk=old.pk).exists()
    assert WebhookDelivery.objects.filter(pk=due.pk).exists()
    assert WebhookAttempt.objects.count() == 1


def test_what_was_noted_of_an_attempt_stays_as_it_was(add):
    due_for(add())
    deliver_due()
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("update billing_webhookattempt set status = 200")
