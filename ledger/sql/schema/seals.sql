-- A chain of digests over each wallet's transfers: whoever changes an old one breaks it. Written in the
-- background, by version, and never changed.

create table ledger_seal (
    customer_id uuid not null,
    version_from bigint not null,               -- the transfers of these versions, both included
    version_to bigint not null,
    format smallint not null,                   -- how a transfer becomes bytes: docs/audit.md
    transfers bigint not null,                  -- how many they are
    salt bytea not null,                        -- without it a digest says nothing of what it is of
    previous bytea not null,                    -- the digest of the seal before; of the first: zeros
    digest bytea not null,
    sealed_at timestamptz not null,
    primary key (customer_id, version_from),
    constraint ledger_seal_has_versions check (version_from between 1 and version_to)
);
create index ledger_seal_time on ledger_seal (sealed_at);
