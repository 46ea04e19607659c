-- Everybody's rows, the newest first: a customer's are found by its key, all others by these. Ids
-- begin with their time, so that new ones go to an index's last page.
create index ledger_transfer_time on ledger_transfer (id);
create index ledger_call_time on ledger_call (id);
create index ledger_event_time on ledger_event (id);
create index ledger_lot_time on ledger_lot (id);
-- And all but use, which is most of it: money and whatever is rare. No debit writes to this one.
create index ledger_transfer_rare on ledger_transfer (id) where unit <> 'CR' or debit <> 'U20' or credit <> 'U30';
