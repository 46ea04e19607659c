"""`python -m config.demo.traffic STATE/demo.json NORTHWIND_URL CALLS_PER_SECOND`."""

import asyncio
import json
import logging.config
import sys
from pathlib import Path
from random import Random
from typing import Any

import httpx

from config import logs
from config.demo.customers import PROFILES
from config.demo.traffic.callers import Caller, Callers

TIMEOUT_SECONDS = 30


async def call(demo: dict[str, Any], northwind_url: str, calls_per_second: float) -> None:
    service = {"Authorization": f"Bearer {demo['service_key']}"}
    # What the environment says of proxies is not meant for neighbours on this machine.
    options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "trust_env": False}
    async with (
        httpx.AsyncClient(base_url=northwind_url, **options) as northwind,
        httpx.AsyncClient(
            base_url=f"{demo['base_url']}/v1/", headers=service, **options
        ) as drawdown,
    ):
        callers = Callers(_callers(demo), northwind=northwind, drawdown=drawdown, chance=Random())
        await callers.run(calls_per_second)


def _callers(demo: dict[str, Any]) -> list[Caller]:
    """Those of the company that it has now; an older one had fewer."""
    profiles = {profile.email: profile for profile in PROFILES}
    return [
        Caller(profiles[customer["email"]], customer["id"], customer["api_key"])
        for customer in demo["customers"]
        if customer["email"] in profiles
    ]


if __name__ == "__main__":
    logging.config.dictConfig(logs.settings(as_json=not sys.stderr.isatty(), level="WARNING"))
    asyncio.run(call(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], float(sys.argv[3])))
