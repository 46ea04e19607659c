import pytest

from config.problems import PROBLEMS
from drawdown import Client
from drawdown.errors import Problem
from drawdown.guards.asking import refusal
from drawdown.problems import CLASSES, problem


def test_each_problem_has_its_class():
    assert {code: each.__doc__ for code, each in CLASSES.items()} == {
        code: told.meaning for code, told in PROBLEMS.items()
    }


def test_each_is_under_its_status():
    for code, told in PROBLEMS.items():
        unknown = problem(told.status, {"type": "/problems/newer-than-this"}, {})
        assert isinstance(problem(told.status, {"type": f"/problems/{code}"}, {}), type(unknown))


def test_in_a_list_its_body_says_when_to_retry():
    limited = problem(429, {"type": "/problems/rate-limited", "retry_after": 7}, {})
    assert limited.should_retry and limited.retry_after == 7
    assert refusal(limited).headers["Retry-After"] == "7"
    assert problem(409, {"type": "/problems/request-in-progress"}, {}).should_retry
    assert not problem(409, {"type": "/problems/reservation-expired"}, {}).should_retry


def test_what_is_no_problem_is_one_all_the_same():
    page = problem(502, None, {"Retry-After": "3"})
    assert isinstance(page, Problem) and page.should_retry and page.retry_after == 3
    assert str(page) == "unknown: HTTP 502"


@pytest.mark.parametrize("key", ["", "dds_a\n", "dds a", "dds_é"])
def test_what_can_be_no_key_is_said_at_once_and_not_shown(key):
    with pytest.raises(ValueError, match="no service key") as told:
        Client("https://credits.example.com", key)
    assert "dds" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["", "credits.example.com", "ftp://credits.example.com", "https://"]
)
def test_what_can_be_no_address_is_said_at_once(url):
    with pytest.raises(ValueError, match="no address"):
        Client(url, "dds_a")
