-- Sums of all transfers are made anew, for something in them is told apart that was not before. Whoever adds to
-- them waits meanwhile.
select from ledger_sums for update;
delete from ledger_sum_hour;
delete from ledger_summed;
update ledger_sums set complete_at = null;
