"""The view of reservations tells the request that settled each, too. It comes last: a view only
grows at its end."""

from django.db import migrations

VIEW = """
create or replace view ledger_reservation as
select customer_id, id, 'held' as state, amount, committed, 0::bigint as uncollected, 0::bigint as reversed,
       lots, split, coalesce(used, array_fill(0::bigint, array[cardinality(lots)])) as used,
       created_at, reserved_until, expires_at, null::timestamptz as ended_at, overrun, null::text as outcome,
       price_id, quantities, null::jsonb as used_quantities, null::uuid as transaction_id,
       service_id, api_key_id, request_id, address, metadata, null::text as ended_request_id
from ledger_hold
union all
select customer_id, id, state, amount, committed, uncollected, reversed,
       lots, split, used,
       created_at, reserved_until, expires_at, ended_at, overrun, outcome,
       price_id, quantities, used_quantities, transaction_id,
       service_id, api_key_id, request_id, address, metadata, ended_request_id
from ledger_call
"""  # noqa: E501


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_rate_cards")]

    operations = [migrations.RunSQL(VIEW, migrations.RunSQL.noop)]
