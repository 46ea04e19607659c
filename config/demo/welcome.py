"""What `make run` prints once it is ready."""

import json
from collections.abc import Sequence

from config.demo.company import FILE, Demo
from config.demo.people import Person
from config.state import State

# Another one each time the line is pasted.
NEW_KEY = '-H "Idempotency-Key: $(date +%s%N)"'


def welcome(demo: Demo, state: State, northwind: str) -> str:
    url, staff = demo["base_url"], [demo["admin"], *demo["staff"]]
    return "\n".join(
        [
            "",
            f"Drawdown is ready at {url} (Ctrl-C stops it)",
            "",
            f"  start    {url}/",
            f"  portal   {url}/portal/",
            f"  docs     {url}/docs/",
            f"  API      {url}/v1/",
            f"  admin    {url}/admin/",
            f"  health   {url}/readyz",
            f"  metrics  {url}/metrics",
            f"  Northwind AI, whose customers are calling: {northwind}",
            "",
            "Staff's sign-ins (e-mail, password), each called by its role:",
            *_sign_ins(staff),
            "",
            "Customers' sign-ins (e-mail, password):",
            *_sign_ins(demo["customers"]),
            "",
            f"Service key: {demo['service_key']}",
            f"All of this is in {state.path / FILE}",
            "To see a line for every request: make run LOG_LEVEL=INFO",
            "",
            "Reserve the credits for one call:",
            "",
            _reserve(demo),
            "",
            "Commit what is held, and see the entries:",
            "",
            _commit(demo),
            "",
            _curl(demo, f"customers/{demo['customers'][0]['id']}/transactions"),
            "",
            "Or call Northwind AI as that customer, and let it do both:",
            "",
            _generate(demo, northwind),
            "",
        ]
    )


def _sign_ins(people: Sequence[Person]) -> list[str]:
    return [f"  {person['email']}  {person['password']}" for person in people]


def _reserve(demo: Demo) -> str:
    body = json.dumps({"customer": demo["customers"][0]["id"], "endpoint": "summarize"})
    return (
        f"{_curl(demo, 'reservations')} {NEW_KEY} -H 'Content-Type: application/json' -d '{body}'"
    )


def _commit(demo: Demo) -> str:
    """Of the last reservation that is still held."""
    held = _curl(demo, f"reservations?customer={demo['customers'][0]['id']}&status=held&limit=1")
    name = f"$({held} | grep -o 'rsv_[0-9a-f]*')"
    return f"{_curl(demo, f'reservations/{name}/commit')} {NEW_KEY} -X POST"


def _generate(demo: Demo, northwind: str) -> str:
    key = demo["customers"][0]["api_key"]
    body = json.dumps({"prompt": "The keeper of the", "max_tokens": 80})
    return f"curl -sS \"{northwind}/v1/generate\" -H 'Authorization: Bearer {key}' -d '{body}'"


def _curl(demo: Demo, path: str) -> str:
    """A line for the shell."""
    address = f'"{demo["base_url"]}/v1/{path}"'
    return f"curl -sS {address} -H 'Authorization: Bearer {demo['service_key']}'"
