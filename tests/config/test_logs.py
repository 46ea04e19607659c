import asyncio
import io
import json
import logging

import pytest

from accounts.request_ids import CURRENT, made_at_ms, request_id
from accounts.request_log import RequestLine, begin, finish
from config import logs
from config.request_log import JsonRequestLog, RequestLog


@pytest.fixture
def named():
    token = CURRENT.set("req_1")
    yield
    CURRENT.reset(token)


def answered(status: int) -> RequestLine:
    line = begin("req_1", "GET", "/v1/endpoints")
    finish(line, status=status, began=0)
    return line


def record(**extra):
    told = {"name": "ledger", "levelname": "ERROR", "levelno": logging.ERROR, "msg": "It failed."}
    return logging.makeLogRecord(told | extra)


def test_what_is_logged_meanwhile_names_the_request(named):
    line = json.loads(logs.formatter(as_json=True).format(record()))
    assert line["request_id"] == "req_1"
    assert (line["event"], line["level"], line["logger"]) == ("It failed.", "error", "ledger")


def test_a_record_that_names_another_keeps_it(named):
    formatter = logs.formatter(as_json=True)
    assert json.loads(formatter.format(record(request_id="req_2")))["request_id"] == "req_2"
    assert "secret" not in formatter.format(record(secret="secret"))


def test_a_traceback_is_one_line_of_json():
    try:
        raise ValueError("why")
    except ValueError as error:
        failed = record(exc_info=(type(error), error, error.__traceback__))
    text = logs.formatter(as_json=True).format(failed)
    assert "\n" not in text
    assert "ValueError: why" in json.loads(text)["exception"]


def test_people_read_it_in_lines(named):
    text = logs.formatter(as_json=False).format(record())
    assert "It failed." in text
    assert "req_1" in text
    assert not text.startswith("{")


@pytest.mark.parametrize(
    ("extra", "is_told"),
    [
        ({}, True),
        ({"name": "asyncio"}, True),
        ({"name": "asyncio", "exc_info": (None, asyncio.CancelledError(), None)}, False),
        ({"name": "asyncio", "exc_info": (None, ValueError(), None)}, True),
    ],
)
def test_what_callers_may_do_is_no_line(extra, is_told):
    assert logs.WorthALine().filter(record(**extra)) is is_told


def test_a_request_has_one_line(caplog):
    out = io.BytesIO()
    with caplog.at_level(logging.INFO, "config.request_log"):
        JsonRequestLog(out).write(answered(200))
    line = json.loads(out.getvalue())
    assert (line["event"], line["request_id"], line["status"]) == ("request", "req_1", 200)
    assert "customer" not in line


def test_only_our_faults_where_that_is_asked_for(caplog):
    with caplog.at_level(logging.WARNING, "config.request_log"):
        out = io.BytesIO()
        log = JsonRequestLog(out)
        for status in (200, 404, 500):
            log.write(answered(status))
        (line,) = out.getvalue().splitlines()
        assert json.loads(line)["status"] == 500


def test_on_a_terminal_it_goes_the_way_of_all_others(caplog):
    with caplog.at_level(logging.INFO, "config.request_log"):
        RequestLog().write(answered(503))
    (said,) = caplog.records
    assert (said.levelname, said.getMessage()) == ("ERROR", "GET /v1/endpoints 503")
    assert said.request_id == "req_1"


def test_a_name_of_ours_tells_its_time():
    name = request_id(None)
    assert abs(made_at_ms(name) - begin(name, "GET", "/").timestamp.timestamp() * 1000) < 1000
    assert made_at_ms("a-callers-own") is None
