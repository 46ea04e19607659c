"""A backlog to one healthy endpoint, and that a killed process repeats one delivery."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from billing.models import WebhookDelivery
from billing.webhooks_out import deliver_due
from tests.billing.webhooks_out.conftest import add_at, due_for

BACKLOG = 500
# 5,000 in a minute: of this process's own time, with the receiver's, whatever else the machine
# does.
EACH_SECONDS = 0.012

_DELIVER = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
from django.conf import settings
from django.db import connections
for one in connections.settings.values():
    one["NAME"] = os.environ["TEST_NAME"]
settings.WEBHOOKS_ALLOW_HTTP = settings.WEBHOOKS_ALLOW_PRIVATE = True
from billing.webhooks_out import deliver_due
deliver_due()
"""


@pytest.mark.django_db
def test_a_backlog_is_delivered_quickly(add, receiver):
    due_for(add(), BACKLOG)
    began = time.process_time()
    assert deliver_due() == BACKLOG
    assert (time.process_time() - began) / BACKLOG < EACH_SECONDS


def test_a_killed_process_repeats_what_it_had_on_the_way(committed, receiver):
    endpoint = add_at(receiver)
    due_for(endpoint, 400)
    name = connection.settings_dict["NAME"]
    killed = subprocess.Popen(
        [sys.executable, "-c", _DELIVER], env={**os.environ, "TEST_NAME": name}
    )
    while len(receiver.got) < 50:
        assert killed.poll() is None
        time.sleep(0.005)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    # Its lease, and that of what it had on the way, are over at some time.
    type(endpoint).objects.filter(pk=endpoint.pk).update(leased_until="2020-01-01T00:00Z")
    due = WebhookDelivery.objects.filter(endpoint=endpoint, state="due")
    due.update(due_at="2020-01-01T00:00Z")
    deliver_due()
    sent = [got.headers["webhook-id"] for got in receiver.got]
    assert len(set(sent)) == 400 and len(sent) <= 401
    assert not due.exists()
