"""The table of Django's database cache, as `createcachetable` would make it."""

from django.db import migrations

CREATE = """
CREATE TABLE accounts_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX accounts_cache_expires ON accounts_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_invitations_and_sign_ups")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE accounts_cache")]
