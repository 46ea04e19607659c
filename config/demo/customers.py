"""Who buys from Northwind AI, and how each of them behaves."""

from enum import StrEnum
from typing import NamedTuple


class Temper(StrEnum):
    QUIET = "quiet"  # has a history and calls no more: left to who reads along
    STEADY = "steady"
    BURSTING = "bursting"
    RUNNING_DRY = "running dry"
    FAILING = "failing"
    DISCONNECTING = "disconnecting"


class Pack(NamedTuple):
    credits: int
    cents: int


SMALL = Pack(5_000, 25_00)
MEDIUM = Pack(25_000, 100_00)
LARGE = Pack(150_000, 500_00)

Mix = dict[str, int]


class Profile(NamedTuple):
    name: str
    temper: Temper
    pack: Pack
    # In history: the calls of a working day, and the part of the time that it has been a customer.
    calls_a_day: float
    since: float
    # How often each endpoint is called, relative to the others.
    mix: Mix
    # Buys its pack every month, used or not.
    restocks: bool = False

    @property
    def domain(self) -> str:
        return self.name.lower().replace(" ", "-") + ".example"

    @property
    def email(self) -> str:
        return f"owner@{self.domain}"


READERS: Mix = {"summarize": 5, "extract-pdf": 2, "classify": 3}
SORTERS: Mix = {"classify": 8, "summarize": 1}
WRITERS: Mix = {"generate": 6, "classify": 1}
ARCHIVES: Mix = {"extract-pdf": 8, "summarize": 3}

PROFILES = (
    Profile("Adventure Works", Temper.QUIET, SMALL, 5, 1.0, READERS),
    Profile("Contoso", Temper.STEADY, SMALL, 8, 1.0, READERS, restocks=True),
    Profile("Fabrikam", Temper.STEADY, SMALL, 6, 0.95, SORTERS, restocks=True),
    Profile("Wide World Importers", Temper.STEADY, LARGE, 11, 0.9, ARCHIVES),
    Profile("Tailspin Toys", Temper.BURSTING, MEDIUM, 8, 0.8, READERS, restocks=True),
    Profile("Litware", Temper.BURSTING, SMALL, 6, 0.6, WRITERS),
    Profile("Fourth Coffee", Temper.RUNNING_DRY, SMALL, 4, 0.7, WRITERS),
    Profile("Proseware", Temper.FAILING, SMALL, 6, 0.5, READERS),
    Profile("Lucerne Publishing", Temper.DISCONNECTING, MEDIUM, 6, 0.75, WRITERS),
    Profile("Trey Research", Temper.RUNNING_DRY, SMALL, 3, 0.2, SORTERS),
)
