"""Where the data is: `DATABASE_URL`, else the embedded server of the state folder.

Two aliases, one database: `owner` makes the tables and `default` is the role that the service runs
as, which may not change what is history.
"""

from typing import Any

import environ
from psycopg.conninfo import conninfo_to_dict

from config.embedded import cluster
from config.embedded.place import Place
from config.state import State

ENGINE = "django.db.backends.postgresql"

Database = dict[str, Any]


def databases(env: environ.Env, state: State, role: str) -> dict[str, Database]:
    if is_embedded(env):
        place = Place.of(state)
        default = _embedded(place, cluster.APPLICATION)
        owner = _embedded(place, cluster.OWNER)
    elif env("OWNER_DATABASE_URL", default=""):
        default = _external(env, "DATABASE_URL")
        owner = _external(env, "OWNER_DATABASE_URL")
    else:
        owner = _external(env, "DATABASE_URL")
        default = _acting_as(role, owner)
    # Tests make one database, as its owner, and work in it as the service's role.
    return {"default": default | {"TEST": {"MIRROR": "owner"}}, "owner": owner}


def is_embedded(env: environ.Env) -> bool:
    return not env("DATABASE_URL", default="")


def _embedded(place: Place, user: str) -> Database:
    return {
        "ENGINE": ENGINE,
        "NAME": cluster.DATABASE,
        "USER": user,
        "HOST": str(place.sockets),
    }


def _external(env: environ.Env, variable: str) -> Database:
    # Read as PostgreSQL's own programs read it, with sockets, services and all options.
    given = conninfo_to_dict(env(variable))
    fields = {"NAME": "dbname", "USER": "user", "PASSWORD": "password"}
    fields |= {"HOST": "host", "PORT": "port"}
    database: Database = {name: given.pop(field, "") for name, field in fields.items()}
    return database | {"ENGINE": ENGINE, "OPTIONS": given}


def _acting_as(role: str, owner: Database) -> Database:
    """The owner's own login, which gives up the owner's rights as soon as it is connected."""
    given = owner["OPTIONS"]
    options = f"{given.get('options', '')} -c role={role}".strip()
    return owner | {"OPTIONS": given | {"options": options}}
