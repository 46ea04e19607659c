"""What `make run` prints once it is ready."""

import json

from config.demo.company import FILE, Demo
from config.state import State


def welcome(demo: Demo, state: State) -> str:
    url, people = demo["base_url"], [demo["admin"], *demo["customers"]]
    return "\n".join(
        [
            "",
            f"Drawdown is ready at {url} (Ctrl-C stops it)",
            "",
            f"  admin    {url}/admin/",
            f"  health   {url}/readyz",
            f"  metrics  {url}/metrics",
            "",
            "Sign-ins (e-mail, password):",
            *(f"  {person['email']}  {person['password']}" for person in people),
            "",
            f"Service key: {demo['service_key']}",
            f"All of this is in {state.path / FILE}",
            "",
            "Reserve the credits for one call:",
            "",
            _reserve(demo),
            "",
        ]
    )


def _reserve(demo: Demo) -> str:
    """A line for the shell, which makes a new key each time it is pasted."""
    body = json.dumps({"customer": demo["customers"][0]["id"], "endpoint": "summarize"})
    return (
        f"curl {demo['base_url']}/v1/reservations -H 'Authorization: Bearer {demo['service_key']}'"
        f" -H \"Idempotency-Key: $(date +%s%N)\" -H 'Content-Type: application/json' -d '{body}'"
    )
