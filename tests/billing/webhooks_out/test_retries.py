from datetime import UTC, datetime, timedelta

import pytest

from billing.webhooks_out import retries

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_ten_attempts_take_about_three_days():
    assert retries.ATTEMPTS_MAX == 10
    assert timedelta(hours=70) < sum(retries.PAUSES, timedelta()) < timedelta(hours=73)
    assert list(retries.PAUSES) == sorted(retries.PAUSES)


def test_pauses_are_a_fifth_longer_or_shorter():
    for attempts, pause in enumerate(retries.PAUSES, 1):
        drawn = [retries.pause(attempts) / pause for _ in range(200)]
        assert min(drawn) >= 0.8 and max(drawn) <= 1.2
        assert min(drawn) < 0.9 and max(drawn) > 1.1


def test_after_the_last_there_is_none():
    assert retries.pause(9) and retries.pause(10) is None


def test_an_endpoint_rests_for_longer_with_each_failure_and_at_most_a_minute():
    rests = [retries.rest(failures).total_seconds() for failures in (1, 2, 3, 6, 7, 8, 10_000)]
    assert rests == [1, 2, 4, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("status", "said", "seconds"),
    [
        (429, "120", 120),
        (503, "120", 120),
        (429, " 7 ", 7),
        (429, "0", 0),
        (429, "604800", 86_400),
        (429, "9" * 400, 86_400),
        (503, "Sat, 21 Nov 2026 13:00:00 GMT", 3600),
        (503, "Sat, 21 Nov 2026 11:00:00 GMT", 0),
        (503, "Sun, 06 Dec 2026 12:00:00 GMT", 86_400),
        (503, "tomorrow", 0),
        (503, "-5", 0),
        (503, "1.5", 0),
        (503, "²", 0),
        (503, "", 0),
        (500, "120", 0),
        (200, "120", 0),
        (None, "120", 0),
    ],
)
def test_retry_after(status, said, seconds):
    asked = retries.retry_after(status, {"retry-after": said}, NOW)
    assert asked == timedelta(seconds=seconds)
    assert retries.retry_after(status, {}, NOW) == timedelta(0)
