"""A scenario's settings: the accounting policy (section 9), in whatever spelling."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices

from billing.books.scenarios import fields
from billing.models import (
    Chargeback,
    EscheatClass,
    Extension,
    Goodwill,
    Method,
    Policy,
    TaxPoint,
)


@dataclass(frozen=True)
class Settings:
    """Fields of the policy, and days of dormancy by class."""

    policy: dict[str, Any] = field(default_factory=dict)
    escheat_classes: dict[str, int] = field(default_factory=dict)


def read_settings(given: Any, mistakes: list[str]) -> Settings:
    if given is None:
        return Settings()
    if not isinstance(given, dict):
        mistakes.append("settings are names with values.")
        return Settings()
    settings = Settings()
    for name, value in given.items():
        try:
            _read(settings, plain(name), value)
        except ValueError as error:
            mistakes.append(f"settings, {name}: {error}")
    return settings


def apply(settings: Settings) -> None:
    policy = Policy.current()
    for name, value in settings.policy.items():
        setattr(policy, name, value)
    policy.save()
    for code, days in settings.escheat_classes.items():
        country, _, region = code.partition("-")
        EscheatClass.objects.create(
            code=code, name=code, country=country, region=region, dormancy_days=days
        )


def plain(text: Any) -> str:
    """Without case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]", "", str(text)).lower()


def _read(settings: Settings, name: str, value: Any) -> None:
    if name in _ESCHEAT:
        settings.escheat_classes.update(_classes(value))
    elif name in _FIELDS:
        field_name, read = _FIELDS[name]
        settings.policy[field_name] = read(value)
    else:
        raise ValueError(f"there is no such setting; there are {', '.join(SHOWN)}")


def _choice(choices: type[TextChoices]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        for choice in choices:
            if plain(value) == plain(choice.value):
                return str(choice.value)
        raise ValueError(f"{value!r} is none of {', '.join(choices.values)}")

    return read


def _gate(value: Any) -> bool:
    if isinstance(value, bool):
        return not value
    if plain(value) not in ("waived", "applied", "kept"):
        raise ValueError(f"{value!r} is neither waived nor applied")
    return plain(value) == "waived"


def _classes(value: Any) -> dict[str, int]:
    """By jurisdiction, US-DE; with days of dormancy where they are not the usual."""
    usual = int(EscheatClass._meta.get_field("dormancy_days").get_default())
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list):
        value = dict.fromkeys(value, usual)
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is no jurisdiction like US-DE")
    return {
        fields.jurisdiction(code): usual if days is None else fields.whole(days)
        for code, days in value.items()
    }


_ESCHEAT = {
    "escheatclass",
    "escheatclasses",
    "escheatclassperjurisdiction",
    "escheatclassesperjurisdiction",
}
# As the documentation names them; case, spaces, hyphens and underscores make no difference.
SHOWN = (
    *("method", "gate", "goodwill", "chargeback", "extension", "tax_point"),
    *("reinstatement_grace_days", "functional_currency", "escheat_classes", "refresh_estimates"),
)
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "method": ("method", _choice(Method)),
    "gate": ("gate_waived", _gate),
    "gatewaived": ("gate_waived", fields.yes),
    "goodwill": ("goodwill", _choice(Goodwill)),
    "chargeback": ("chargeback", _choice(Chargeback)),
    "extension": ("extension", _choice(Extension)),
    "expiryextension": ("extension", _choice(Extension)),
    "taxpoint": ("tax_point", _choice(TaxPoint)),
    "reinstatementgrace": ("reinstatement_grace_days", fields.whole),
    "reinstatementgracedays": ("reinstatement_grace_days", fields.whole),
    "reinstatementgraceindays": ("reinstatement_grace_days", fields.whole),
    "grace": ("reinstatement_grace_days", fields.whole),
    "gracedays": ("reinstatement_grace_days", fields.whole),
    "functionalcurrency": ("functional_currency", fields.currency),
    "refreshestimates": ("refresh_estimates", fields.yes),
    "comparabilitybroken": ("comparability_broken", fields.yes),
}
