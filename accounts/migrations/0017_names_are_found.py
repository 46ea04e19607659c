from django.db import migrations, models

# Parts of names, addresses and external ids are found by their trigrams. A PostgreSQL without that
# extension, or whose owner may not add it, goes through all rows instead: slower, and the same.
_TRIGRAMS = """
do $do$
begin
    create extension if not exists pg_trgm;
    create index customer_name_parts
        on accounts_customer using gin (upper(name::text) gin_trgm_ops);
    create index customer_email_parts
        on accounts_customer using gin (upper(email::text) gin_trgm_ops);
    create index customer_external_id_parts
        on accounts_customer using gin (upper(external_id::text) gin_trgm_ops);
    create index user_email_parts
        on accounts_user using gin (upper(email::text) gin_trgm_ops);
    create index invitation_email_parts
        on accounts_invitation using gin (upper(email::text) gin_trgm_ops);
exception when insufficient_privilege or feature_not_supported or undefined_file then
    raise notice 'Without pg_trgm, parts of names are found more slowly.';
end
$do$
"""
# What is equal to a term, where very many have it as a part.
_WHOLE = """
create index customer_name_upper on accounts_customer (upper(name::text));
create index customer_email_upper on accounts_customer (upper(email::text));
create index customer_external_id_upper on accounts_customer (upper(external_id::text));
"""
_WITHOUT_WHOLE = """
drop index if exists customer_name_upper, customer_email_upper, customer_external_id_upper;
"""
_WITHOUT = """
drop index if exists customer_name_parts, customer_email_parts, customer_external_id_parts;
drop index if exists user_email_parts, invitation_email_parts;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_confirmations")]

    operations = [
        migrations.AddIndex(
            "apikey",
            models.Index(
                fields=["prefix"], opclasses=["varchar_pattern_ops"], name="apikey_prefix"
            ),
        ),
        migrations.RunSQL(_TRIGRAMS, _WITHOUT),
        migrations.RunSQL(_WHOLE, _WITHOUT_WHOLE),
    ]
