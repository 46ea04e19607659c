from django.db import migrations

from accounts.audit import audited

# What was asked never changes; what was decided is decided.
KEPT = """
create function billing_adjustment_is_kept() returns trigger language plpgsql as $$
declare
    decided constant text[] := array[
        'state', 'effect', 'transactions', 'decided_by_id', 'decided_at', 'decision_note'];
    words constant text[] := array['note', 'decision_note'];
begin
    if tg_op = 'DELETE' then
        raise exception 'Adjustments are kept.' using errcode = 'restrict_violation';
    elsif current_user <> 'drawdown_app' and to_jsonb(old) - words = to_jsonb(new) - words then
        return new;  -- Personal data is erased, by the owner's function only.
    elsif old.state <> 'waiting' then
        raise exception 'Adjustment % is decided already.', old.id
            using errcode = 'restrict_violation';
    elsif to_jsonb(old) - decided <> to_jsonb(new) - decided then
        raise exception 'What was asked by adjustment % never changes.', old.id
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger billing_adjustment_is_kept before update or delete on billing_adjustment
    for each row execute function billing_adjustment_is_kept();
revoke delete on billing_adjustment from drawdown_app;
revoke delete on billing_adjustmentlimit from drawdown_app;
insert into billing_adjustmentlimit (role, credits, money) values
    ('support', 10000 * 1000000::bigint, 100),
    ('finance', 1000000 * 1000000::bigint, 5000),
    ('operations', 0, 0),
    ('administrator', 1000000 * 1000000::bigint, 5000);
"""
FREED = """
delete from billing_adjustmentlimit;
grant delete on billing_adjustment, billing_adjustmentlimit to drawdown_app;
drop trigger billing_adjustment_is_kept on billing_adjustment;
drop function billing_adjustment_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0024_adjustments"), ("accounts", "0014_audit")]

    operations = [
        migrations.RunSQL(sql=KEPT, reverse_sql=FREED),
        audited("billing_adjustment", quiet=("asked_effect", "effect")),
        audited("billing_adjustmentlimit", customer=""),
    ]
