-- What a wallet's history comes to, every so many versions: nobody has to add it up from its
-- beginning. Written in the background, and never changed, for transfers never change.

create table ledger_balance_mark (
    customer_id uuid not null,
    version bigint not null,                    -- all transfers up to this one are in it
    posted_at timestamptz not null,             -- of that one
    balance bigint not null,                    -- micro-credits
    lots uuid[] not null,                       -- those that had something; null: spent on credit
    remaining bigint[] not null,                -- of each
    kinds text[] not null,                      -- since the wallet was opened, by what happened:
    gains bigint[] not null,                    -- the balance's gain, in micro-credits
    lines bigint[] not null,                    -- and in how many transactions
    primary key (customer_id, version)
);

-- What happened to a lot, but for its use: the long part, which is the difference.
create index ledger_transfer_lot on ledger_transfer (customer_id, lot_id)
where unit = 'CR' and (debit <> 'U20' or credit <> 'U30');
