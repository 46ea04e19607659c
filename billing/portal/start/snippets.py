"""One call as programs that can be run as they are, with what each language brings along."""

import json
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from billing.portal.start.first_call import FirstCall

Quote = Callable[[str], str]


class Snippet(NamedTuple):
    """`run` is how it is run once it is in its file."""

    code: str
    name: str
    run: str
    text: str


class _Language(NamedTuple):
    name: str
    run: str
    quote: Quote


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _python(text: str) -> str:
    return repr(text) if set('"\\') & set(text) or not text.isprintable() else f'"{text}"'


def _javascript(text: str) -> str:
    is_plain = text.isprintable() and not set("'\\") & set(text)
    return f"'{text}'" if '"' in text and is_plain else _double(text)


def _raw(text: str) -> str:
    return f"`{text}`" if '"' in text and "`" not in text and text.isprintable() else _double(text)


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


LANGUAGES: Final[Mapping[str, _Language]] = {
    "curl": _Language("curl", "", _shell),
    "python": _Language("Python", "python3 first_call.py", _python),
    "javascript": _Language("JavaScript", "node first-call.mjs", _javascript),
    "go": _Language("Go", "go run first_call.go", _raw),
    "php": _Language("PHP", "php first_call.php", _php),
    "java": _Language("Java", "java FirstCall.java", _double),
}


def of(call: FirstCall, key: str) -> list[Snippet]:
    """In each language, with the text of a key or what stands for it."""
    return [_snippet(code, call, key) for code in LANGUAGES]


def _snippet(code: str, call: FirstCall, key: str) -> Snippet:
    language = LANGUAGES[code]
    told = {
        "url": call.url,
        "method": call.method,
        "body": call.body,
        "media": call.media,
        "key": key,
        "buy": settings.TOP_UP_URL,
    }
    quoted = {name: language.quote(text) if text else "" for name, text in told.items()}
    if code == "curl":
        quoted["method"] = call.method
    text = render_to_string(f"billing/snippets/{code}.txt", quoted)
    return Snippet(code, language.name, language.run, text.rstrip("\n") + "\n")
