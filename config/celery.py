"""What is done by itself, and when."""

import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.beat import BeatLazyFunc

from config.background.silence import Silence
from config.background.waking import Waking

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# They would load every page, for a process that has none.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

# Each is done when beat starts, and then after each such time. It may be done twice, and sooner: a
# task whose time has not come does nothing.
EVERY = {
    "relay": timedelta(seconds=5),
    "mails": timedelta(seconds=10),
    "webhooks": timedelta(seconds=10),
    "top_ups": timedelta(seconds=10),
    "plans": timedelta(seconds=10),
    "canary": timedelta(seconds=30),
    "back_tests": timedelta(seconds=30),
    "openings": timedelta(seconds=30),
    "operators": timedelta(seconds=30),
    "expire": timedelta(minutes=5),
    "key_addresses": timedelta(minutes=5),
    "usage_sums": timedelta(minutes=15),
    "balance_marks": timedelta(minutes=10),
    "seals": timedelta(minutes=10),
    "alert_levels": timedelta(hours=1),
    "expiry_notices": timedelta(hours=1),
    "reconcile": timedelta(hours=1),
    "recognise": timedelta(hours=1),
    "partner_shares": timedelta(hours=1),
    "books": timedelta(hours=1),
    "weekly_digest": timedelta(hours=1),
    "partitions": timedelta(days=1),
    "forget_replies": timedelta(days=1),
    "forget_mails": timedelta(days=1),
    "forget_sessions": timedelta(days=1),
    "purge_webhooks": timedelta(days=1),
}
# What is to be known only when it is sent.
ARGUMENTS = {"canary": [BeatLazyFunc(time.time)]}

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Clocks of two machines differ a little.
SHORTEST_LIFE = timedelta(minutes=1)


def _entry(task: str, interval: timedelta) -> dict[str, Any]:
    """What nobody has taken when it is sent again is dropped, so that nothing piles up."""
    life = max(interval, SHORTEST_LIFE)
    return {
        "task": task,
        "schedule": interval,
        "args": ARGUMENTS.get(task, []),
        "last_run_at": LONG_AGO,
        "options": {"expires": life.total_seconds()},
    }


app = Celery("drawdown", task_cls="billing.jobs.recording:RecordedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {task: _entry(task, interval) for task, interval in EVERY.items()}
app.steps["worker"].update({Waking, Silence})
app.autodiscover_tasks(["billing"])
