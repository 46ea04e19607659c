"""What a browser calls itself, in two words: the whole of it names every other browser too."""

from typing import Final

from django import template

register = template.Library()

# The first that is found: each names those below it as well.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "Mac",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


@register.filter
def browser(user_agent: str) -> str:
    """Firefox on Windows; as it is where it is nothing known."""
    found = [_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)]
    return " on ".join(name for name in found if name) or user_agent or "Unknown"


def _first(names: dict[str, str], user_agent: str) -> str:
    return next((name for part, name in names.items() if part in user_agent), "")
