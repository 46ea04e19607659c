from typing import Any


class OwnerMigrates:
    """Tables are made by the owner role only; everything else goes through `default`."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
