"""What axe-core, the accessibility checker, finds wrong with a page that a browser shows."""

import json
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# What is less is advice.
GRAVE: Final = ("serious", "critical")
# The rules that a page in other colours may break.
COLOURS: Final = ("color-contrast", "link-in-text-block")

_RUN = "(options) => axe.run(options).then(({violations}) => violations)"
_IS_THERE = "() => typeof axe === 'object'"


def serious(page: Page, *, rules: tuple[str, ...] = ()) -> list[str]:
    """One line for each violation that is serious or critical: its rule, help, and elements. By
    all rules, unless some are named."""
    if not page.evaluate(_IS_THERE):
        page.evaluate(AXE_SCRIPT)
    # Style sheets are all of our own: none has to be fetched once more.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    found = page.evaluate(_RUN, options)
    return [_told(one) for one in found if one["impact"] in GRAVE]


def _told(violation: dict[str, Any]) -> str:
    nodes = "".join(f"\n    {_where(node)}" for node in violation["nodes"])
    return f"{violation['id']} ({violation['impact']}), {violation['helpUrl']}{nodes}"


def _where(node: dict[str, Any]) -> str:
    found = [check["message"] for check in (*node["any"], *node["all"], *node["none"])]
    return f"{json.dumps(node['target'])}: {node['html'][:120]}: {'; '.join(found)}"
