"""Posting dates, usage that becomes revenue, and lots whose terms change.

What expired or was forfeited before has its money entries made up, each for its own day; what was
used is recognised by the first run, for its own day too.
"""

from django.db import migrations

from ledger import sql

# Their arguments have changed, so that they would stay beside the new ones.
_REPLACED = """
drop function if exists ledger_pick_free(ledger_wallet, uuid, bigint, timestamptz);
drop function if exists ledger_expire_lots(ledger_wallet, timestamptz);
drop function if exists ledger_write_money(
    ledger_wallet, uuid, timestamptz, text, jsonb, uuid, text, jsonb, boolean);
"""

_COHORTS = """
update ledger_lot set cohort = to_char(issued_at at time zone 'UTC', 'YYYY-MM') || '/' || currency
where price > 0 and cohort is null;
"""

_EXPIRED = """
do $$
declare
    x record;
    w ledger_wallet;
    v_detail jsonb;
begin
    for x in
        select * from (
            select t.customer_id, t.id, t.lot_id, t.kind, t.credit, t.document, t.posted_at,
                l.expires_at, l.currency, l.price, l.units,
                ledger_carrying(l.price, l.units, (t.after + t.amount)::bigint)
                    - ledger_carrying(l.price, l.units, t.after::bigint) as value
            from (
                select *, sum(case when credit = 'U20' then amount else -amount end) over (
                    partition by customer_id, lot_id order by version, id) as after
                from ledger_transfer
                where unit = 'CR' and lot_id is not null and 'U20' in (debit, credit)
            ) t
            join ledger_lot l on l.customer_id = t.customer_id and l.id = t.lot_id
            where t.credit = 'U31' and l.price > 0
        ) y where value > 0 order by customer_id, id
    loop
        select * into w from ledger_wallet where customer_id = x.customer_id for update;
        w.version := w.version + 1;
        update ledger_wallet set version = w.version where customer_id = w.customer_id;
        v_detail := jsonb_build_object('document', x.document,
            'effective_at', least(x.posted_at, x.expires_at),
            'posted_on', ledger_posting_day(least(x.posted_at, x.expires_at)));
        perform ledger_write_money(w, ledger_new_id(), ledger_now(), x.kind,
            jsonb_build_array(jsonb_build_object('unit', x.currency, 'debit', '2100',
                'credit', '2110', 'amount', x.value)), x.lot_id, v_detail, true);
    end loop;
end
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_money_alone")]

    operations = [
        *sql.books(),
        migrations.RunSQL(_REPLACED),
        *sql.functions(),
        migrations.RunSQL(_COHORTS),
        migrations.RunSQL(_EXPIRED),
    ]
