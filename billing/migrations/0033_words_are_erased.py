"""What staff wrote of a customer is erased with it, by the owner's function only: their notes, and
those of adjustments."""

from django.db import migrations

PINNED = "select set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true)"
WORDS = """
create function billing_erase_words(p_customers uuid[]) returns bigint
language sql security definer set search_path from current as $$
    with notes as (
        update billing_note set text = '(erased)'
        where customer_id = any(p_customers) returning 1
    ), adjustments as (
        update billing_adjustment
        set note = '(erased)',
            decision_note = case decision_note when '' then '' else '(erased)' end
        where customer_id = any(p_customers) or receiver_id = any(p_customers) returning 1
    )
    select (select count(*) from notes) + (select count(*) from adjustments)
$$;
revoke all on function billing_erase_words(uuid[]) from public;
grant execute on function billing_erase_words(uuid[]) to drawdown_app;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0032_adjustment_batches")]

    operations = [
        migrations.RunSQL(PINNED),
        migrations.RunSQL(WORDS, "drop function billing_erase_words(uuid[])"),
    ]
