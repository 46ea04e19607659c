"""History of many: here some 20,000 transfers, in the full form (`make soak`) 5 million. Each page
of staff's windows is there in 300 ms, whatever it looks for; a file of all takes no memory."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest

from tests.system.filling import Filled, filled
from tests.system.installation import Installation
from tests.system.test_many_calls import GROWTH_BYTES, PAGE_SECONDS, seconds

SIZES = [20_000, pytest.param(5_000_000, marks=pytest.mark.soak)]
WINDOWS = ("transfer", "transaction", "reservation", "lot", "event")


class Staff:
    def __init__(self, installation: Installation, client: httpx.Client, found: Filled) -> None:
        self.installation, self.client, self.filled = installation, client, found

    def get(self, model: str, page: str = "", **query: str) -> httpx.Response:
        return self.client.get(self.path(model, page, **query))

    def path(self, model: str, page: str = "", **query: str) -> str:
        return f"/admin/ledger/{model}/{page}?{urlencode(query)}"

    def took(self, path: str) -> float:
        return seconds(self.installation, partial(self.client.get, path))


@pytest.fixture(scope="module", params=SIZES)
def staff(fragile: Installation, request: pytest.FixtureRequest) -> Iterator[Staff]:
    with filled(fragile, request.param) as found:
        demo = fragile.service.demo()
        cookies = {"sessionid": found.session}
        with httpx.Client(
            base_url=demo["base_url"], cookies=cookies, trust_env=False, timeout=120
        ) as client:
            yield Staff(fragile, client, found)


def asked(staff: Staff) -> dict[str, str]:
    """Each window, with each of its filters, from the newest and from the middle."""
    (row,) = staff.installation.rows(
        "select ledger_now() as now, (select code from ledger_endpoint e join ledger_price p"
        " on p.endpoint_id = e.id order by p.id limit 1) as endpoint"
    )
    day = f"{row['now'] - timedelta(days=45):%Y-%m-%d}"
    customer, key = f"cus_{staff.filled.customer}", f"key_{staff.filled.key}"
    common: dict[str, dict[str, str]] = {
        "newest": {},
        "customer": {"customer": customer},
        "one day": {"from": day, "to": day},
        "half of all": {"to": day},
        "customer's day": {"customer": customer, "from": day, "to": day},
    }
    rare = {"kind": {"kind": "grant"}, "no such kind": {"kind": "nothing"}}
    calls = {"endpoint": {"endpoint": row["endpoint"]}, "key": {"key": key}}
    own: dict[str, dict[str, dict[str, str]]] = {
        "transfer": rare
        | calls
        | {
            "commits": {"kind": "commit"},
            "money": {"unit": "money"},
            "account": {"account": "4100"},
            "month": {"month": day[:7]},
            "all of it": {"customer": customer, "kind": "commit", "from": day, **calls["key"]},
        },
        "transaction": rare | calls,
        "reservation": calls
        | {
            "state": {"state": "expired"},
            "held": {"state": "held"},
            "outcome": {"outcome": "timeout"},
            "request": {"request": "job-1"},
        },
        "lot": {"paid": {"kind": "paid"}, "open": {"open": "yes"}},
        "event": {"kind": {"kind": "lot.expired"}, "no such kind": {"kind": "nothing"}},
    }
    return {
        f"{model}: {name}": staff.path(model, **query)
        for model in WINDOWS
        for name, query in (common | own[model]).items()
    }


def middle(staff: Staff, table: str) -> str:
    (row,) = staff.installation.rows(
        f"select id, customer_id from {table} where id < ledger_id_floor(ledger_now()"
        " - interval '45 days') order by id desc limit 1"
    )
    return str(row["id"].hex + row["customer_id"].hex)


def test_each_page_is_there_at_once(staff: Staff) -> None:
    paths = asked(staff)
    place = middle(staff, "ledger_transfer")
    paths["transfer: from the middle"] = staff.path("transfer", below=place)
    paths["transfer: rare, from the middle"] = staff.path("transfer", below=place, kind="nothing")
    paths["reservation: from the middle"] = staff.path(
        "reservation", below=middle(staff, "ledger_call")
    )
    paths["transfer: totals"] = staff.path("transfer", "totals")
    paths["reservation: totals"] = staff.path("reservation", "totals")
    for model, table in {"transfer": "transfer", "reservation": "call", "lot": "lot"}.items():
        (row,) = staff.installation.rows(
            f"select id, customer_id from ledger_{table} order by id desc limit 1"
        )
        key = row["customer_id"].hex + row["id"].hex
        paths[f"{model}: one"] = f"/admin/ledger/{model}/{key}/change/"
    paths["dashboard"] = "/admin/"
    paths["customer page"] = f"/admin/accounts/customer/{UUID(staff.filled.customer)}/change/"
    paths["customers"] = "/admin/accounts/customer/"
    paths["audit"] = "/admin/accounts/auditentry/"
    paths["purchases"] = "/admin/billing/purchase/"
    took = {}
    for name, path in paths.items():
        assert staff.client.get(path).status_code == 200, name
        took[name] = staff.took(path)
    told = "\n".join(f"{name} {round(1000 * each)} ms" for name, each in took.items())
    print(f"{staff.filled.transfers:,} transfers:\n{told}")
    assert max(took.values()) < PAGE_SECONDS, told


@pytest.mark.parametrize("model", ["transfer", "reservation"])
def test_a_file_takes_no_memory(staff: Staff, model: str) -> None:
    installation = staff.installation
    web = installation.service.find("config.web")
    # A customer's who has a fifth of all: here it is the whole, for its time.
    path = staff.path(model, "rows.csv", customer=f"cus_{staff.filled.customer}")
    before, largest, lines = web.memory_info().rss, 0, 0
    with staff.client.stream("GET", path) as answer:
        assert answer.status_code == 200
        for part in answer.iter_bytes():
            lines += part.count(b"\n")
            largest = max(largest, web.memory_info().rss)
    table = {"transfer": "ledger_transfer", "reservation": "ledger_call"}[model]
    (row,) = installation.rows(
        f"select count(*) as n from {table} where customer_id = %s", [staff.filled.customer]
    )
    print(f"{lines:,} lines, at most {(largest - before) / 1e6:.0f} MB more")
    assert lines == row["n"] + 1
    assert largest - before < GROWTH_BYTES


def test_the_sums_of_all_are_right_in_the_end(staff: Staff) -> None:
    """Part by part, as the page asks for them."""
    query: dict[str, Any] = {"customer": f"cus_{staff.filled.customer}"}
    path, parts = staff.path("transfer", "totals", **query), 0
    while True:
        text = staff.client.get(path, headers={"HX-Request": "true"}).text
        parts += 1
        if "so_far=" not in text:
            break
        path = text.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    (row,) = staff.installation.rows(
        "select count(*) as n from ledger_transfer where customer_id = %s",
        [staff.filled.customer],
    )
    print(f"{row['n']:,} transfers in {parts} parts")
    assert f"All {row['n']:,}<" in text
