"""What the audit tells of a person can be erased; that something was done stays."""

from pathlib import Path

from django.db import migrations

import accounts

_PINNED = "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
_FUNCTION = Path(accounts.__file__).parent / "sql" / "erase.sql"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0017_names_are_found")]

    operations = [migrations.RunSQL(_PINNED), migrations.RunSQL(_FUNCTION.read_text())]
