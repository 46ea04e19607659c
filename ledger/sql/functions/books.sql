-- Posting dates: what happened counts for its own day in the provider's time zone, or for the first
-- day that is open (accounting, section 6).

-- Minus infinity where no period was ever closed. The close itself still posts where others may not.
create or replace function ledger_first_open(p_closing boolean default false) returns date
language sql stable as $$
    select coalesce(case when p_closing then closed_through else greatest(closed_through, closing_through) end + 1, '-infinity'::date)
    from ledger_books
$$;

create or replace function ledger_day(p_at timestamptz) returns date
language sql stable as $$
    select (p_at at time zone time_zone)::date from ledger_books
$$;

create or replace function ledger_posting_day(p_at timestamptz) returns date
language sql stable as $$
    select greatest(ledger_day(p_at), ledger_first_open())
$$;

-- Why an operation may not be posted on the day that it asks for; null: it may.
create or replace function ledger_posting_refused(p_detail jsonb, p_now timestamptz) returns text
language sql stable as $$
    select case
        when (p_detail->>'posted_on')::date < ledger_first_open(coalesce((p_detail->>'closing')::boolean, false)) then 'period-closed'
        when (p_detail->>'posted_on')::date > ledger_day(p_now) then 'posting-in-future'
    end
$$;

-- Sets until when the books are closed, and until when they are being closed.
create or replace function ledger_close_books(p_closed date, p_closing date) returns void
language sql security definer set search_path from current as $$
    update ledger_books set closed_through = p_closed, closing_through = p_closing
$$;

-- False, and nothing changed, once a period was closed: its days would begin anew.
create or replace function ledger_set_time_zone(p_zone text) returns boolean
language plpgsql security definer set search_path from current as $$
begin
    perform now() at time zone p_zone;
    update ledger_books set time_zone = p_zone where time_zone = p_zone or coalesce(closed_through, closing_through) is null;
    return found;
end
$$;

-- Whether lots end only once their owners were told.
create or replace function ledger_require_notice(p_required boolean) returns void
language sql security definer set search_path from current as $$
    update ledger_books set expiry_needs_notice = p_required
$$;
