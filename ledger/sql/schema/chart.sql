-- The chart of accounts. An account is (owner, code): the owner is a customer or the house, so an
-- account needs no row of its own; its balance is a sum over transfers. Balances are given in the
-- account's normal direction.

create table ledger_account (
    code text primary key,
    name text not null,
    unit text not null check (unit in ('credits', 'money')),
    type text not null check (type in ('units', 'asset', 'liability', 'revenue', 'expense', 'clearing')),
    normal text not null check (normal in ('debit', 'credit'))
);

insert into ledger_account (code, name, unit, type, normal) values
    ('U10', 'Issued', 'credits', 'units', 'debit'),
    ('U20', 'Available, held and frozen', 'credits', 'units', 'credit'),
    ('U30', 'Consumed', 'credits', 'units', 'credit'),
    ('U31', 'Expired', 'credits', 'units', 'credit'),
    ('U32', 'Refunded or withdrawn', 'credits', 'units', 'credit'),
    ('U33', 'Escheated', 'credits', 'units', 'credit'),
    ('U34', 'Voided', 'credits', 'units', 'credit'),
    ('U35', 'Moves between customers', 'credits', 'clearing', 'credit'),
    ('1000', 'Cash and payment clearing', 'money', 'asset', 'debit'),
    ('1100', 'Receivable', 'money', 'asset', 'debit'),
    ('1200', 'Disputes receivable', 'money', 'asset', 'debit'),
    ('2100', 'Deferred revenue: credits', 'money', 'liability', 'credit'),
    ('2110', 'Breakage recognised in advance', 'money', 'liability', 'debit'),
    ('2190', 'Moves between customers', 'money', 'clearing', 'credit'),
    ('2200', 'Tax payable', 'money', 'liability', 'credit'),
    ('2300', 'Unclaimed property payable', 'money', 'liability', 'credit'),
    ('2400', 'Refunds payable', 'money', 'liability', 'credit'),
    ('2500', 'Partner payable', 'money', 'liability', 'credit'),
    ('4100', 'Usage revenue', 'money', 'revenue', 'credit'),
    ('4110', 'Subscription and connection fees', 'money', 'revenue', 'credit'),
    ('4200', 'Breakage revenue', 'money', 'revenue', 'credit'),
    ('4300', 'Refunds and concessions', 'money', 'revenue', 'debit'),
    ('4310', 'Chargebacks', 'money', 'revenue', 'debit'),
    ('4390', 'Promotional discount', 'money', 'revenue', 'debit'),
    ('4400', 'Non-refundable fees', 'money', 'revenue', 'credit'),
    ('6100', 'Payment processing fees', 'money', 'expense', 'debit'),
    ('6200', 'Dispute fees', 'money', 'expense', 'debit'),
    ('6300', 'Tax not recoverable and payment loss', 'money', 'expense', 'debit'),
    ('6400', 'Partner share', 'money', 'expense', 'debit'),
    ('7000', 'Exchange gain or loss', 'money', 'expense', 'debit');
