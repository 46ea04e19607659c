"""Personal data of customers that are erased, and of their papers once these are old."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

PINNED = "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
# Documents are never changed but so: their numbers, lines and amounts stay.
DOCUMENTS = """
create or replace function billing_erase_documents(p_customer uuid, p_before timestamptz)
returns bigint
language sql security definer set search_path from current as $$
    with erased as (
        update billing_document d set content = d.content
            || jsonb_build_object(
                'buyer', jsonb_build_object('name', c.name, 'address', '', 'tax_id', ''))
            || jsonb_build_object('notes', coalesce((
                select jsonb_agg(note) from jsonb_array_elements(d.content->'notes') note
                where not starts_with(note #>> '{}', 'Reason: ')), '[]'))
        from billing_erasure e join accounts_customer c on c.id = e.customer_id
        where d.customer_id = p_customer and e.customer_id = p_customer and d.issued_at < p_before
            and d.content->'buyer'->>'name' is distinct from c.name
        returning 1
    )
    select count(*) from erased
$$;
revoke all on function billing_erase_documents(uuid, timestamptz) from public;
grant execute on function billing_erase_documents(uuid, timestamptz) to drawdown_app;
revoke delete on billing_erasure from drawdown_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_audit_erasing"),
        ("billing", "0028_openings"),
        ("ledger", "0018_erasing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="erasure",
                        serialize=False,
                        to="accounts.customer",
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "people",
                    models.PositiveIntegerField(
                        default=0, help_text="Who belonged to no other customer."
                    ),
                ),
                ("rows", models.JSONField(default=dict, help_text="How many of each table.")),
                ("documents_done_at", models.DateTimeField(null=True)),
                (
                    "erased_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("erase_customer", "Can erase a customer's personal data"),
                    ("export_customer", "Can export a customer's data"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.RunSQL(PINNED),
        migrations.RunSQL(DOCUMENTS, "drop function billing_erase_documents(uuid, timestamptz)"),
    ]
