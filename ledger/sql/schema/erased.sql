-- Sealed transfers whose words were erased: what stands for each in its seal, made with the words, and what would be
-- made without them. So nothing else of it can be changed unseen.
create table ledger_erased (
    customer_id uuid not null,
    id uuid not null,
    leaf bytea not null,
    rest bytea not null,
    erased_at timestamptz not null,
    primary key (customer_id, id)
);
