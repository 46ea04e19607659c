"""What must be true of the ledger: each check is a query that returns the rows which break it.

The queries read the names of SOURCES, which are the core's tables, of all customers or of one.
Amounts are micro-credits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper

Row = dict[str, Any]

SOURCES = """
with wallet as not materialized (select * from ledger_wallet where {scope}),
lot as not materialized (select * from ledger_lot_state where {scope}),
lot_row as not materialized (select * from ledger_lot where {scope}),
hold as not materialized (select * from ledger_hold where {scope}),
call as not materialized (select * from ledger_call where {scope}),
transfer as not materialized (select * from ledger_transfer where {scope}),
event as not materialized (select * from ledger_event where {scope}),
key as not materialized (select * from ledger_key where {scope}),
reservation as not materialized (select * from ledger_reservation where {scope}),
part as not materialized (
    select r.customer_id, r.id as reservation_id, r.state, x.lot_id, x.split, x.used
    from reservation r, unnest(r.lots, r.split, r.used) x(lot_id, split, used)
),
-- Both sides of every transfer of credits, credits positive.
side as not materialized (
    select customer_id, lot_id, credit as account, amount from transfer where unit = 'CR'
    union all
    select customer_id, lot_id, debit, -amount from transfer where unit = 'CR'
),
clock as materialized (select ledger_now() as now)
"""


@dataclass(frozen=True)
class Check:
    name: str
    title: str
    why: str
    sql: str
    of_company: bool = False  # true of all customers together only


@dataclass(frozen=True)
class Finding:
    """How many rows break a check, and the first of them."""

    check: Check
    broken: int
    first: Row | None


def run(
    connection: BaseDatabaseWrapper, customers: Sequence[UUID] | None = None
) -> Iterator[Finding]:
    """Of these customers, or of all. For one consistent answer from a live system, call it in a
    transaction that is REPEATABLE READ."""
    for check in CHECKS:
        if customers is None or not check.of_company:
            yield _find(connection, check, customers)


def _find(
    connection: BaseDatabaseWrapper, check: Check, customers: Sequence[UUID] | None
) -> Finding:
    scope = "true" if customers is None else "customer_id = any(%(customers)s)"
    sources = SOURCES.format(scope=scope)
    parameters = {"customers": list(customers or [])}
    counted = f"select count(*) over () as broken, x.* from ({check.sql}) x order by 2, 3 limit 1"
    with connection.cursor() as cursor:
        cursor.execute(sources + counted, parameters)
        row = cursor.fetchone()
        if row is None:
            return Finding(check, 0, None)
        names = [column.name for column in cursor.description]
    return Finding(check, row[0], dict(zip(names[1:], row[1:], strict=True)))


CHECKS = [
    Check(
        "wallet-balance",
        "A wallet's balance is account U20 of its transfers",
        "The wallet is a copy for speed; the transfers are the books.",
        """
        select customer_id, w.balance, coalesce(t.balance, 0) as by_transfers
        from wallet w left join (
            select customer_id, sum(amount) as balance from side where account = 'U20' group by 1
        ) t using (customer_id)
        where w.balance <> coalesce(t.balance, 0)
        """,
    ),
    Check(
        "wallet-debt",
        "A wallet's debt is what was spent without a lot",
        "Credit that no lot has covered yet is owed.",
        """
        select customer_id, w.debt, coalesce(t.debt, 0) as by_transfers
        from wallet w left join (
            select customer_id, -sum(amount) as debt from side
            where account = 'U20' and lot_id is null group by 1
        ) t using (customer_id)
        where w.debt <> coalesce(t.debt, 0)
        """,
    ),
    Check(
        "wallet-lots",
        "What remains of a wallet's lots, less its debt, is its balance",
        "Every credit belongs to a lot, which carries its cost.",
        """
        select customer_id, w.balance, w.debt, coalesce(sum(l.remaining), 0) as remaining
        from wallet w left join lot l using (customer_id)
        group by 1, 2, 3 having coalesce(sum(l.remaining), 0) - w.debt <> w.balance
        """,
    ),
    Check(
        "wallet-held",
        "What a wallet holds is what its open holds still hold",
        "A leaked hold would block the customer for ever.",
        """
        select customer_id, w.held, coalesce(h.held, 0) as by_holds
        from wallet w left join (
            select customer_id, sum(split - used) as held from part where state = 'held' group by 1
        ) h using (customer_id)
        where w.held <> coalesce(h.held, 0)
        """,
    ),
    Check(
        "wallet-frozen",
        "What is frozen of a wallet is what is frozen of its lots",
        "A freeze names the credits that are in dispute.",
        """
        select customer_id, w.frozen, coalesce(sum(l.frozen), 0) as by_lots
        from wallet w left join lot l using (customer_id)
        group by 1, 2 having w.frozen <> coalesce(sum(l.frozen), 0)
        """,
    ),
    Check(
        "wallet-limit",
        "No wallet is below its credit limit, and no counter of it below zero",
        "Nobody spends what he does not have.",
        """
        select customer_id, balance, held, frozen, credit_limit, debt from wallet
        where balance - held - frozen < -credit_limit
            or least(held, frozen, credit_limit, debt, lots, head_free, head_held) < 0
        """,
    ),
    Check(
        "wallet-head",
        "A wallet's head is an open lot of its own",
        "The head's counters live on the wallet; without a head there are none.",
        """
        select w.customer_id, w.head_id as lot_id, w.head_free, w.head_held
        from wallet w left join lot l on l.customer_id = w.customer_id and l.id = w.head_id
        where case when w.head_id is null then w.head_free <> 0 or w.head_held <> 0
            else l.open is distinct from true end
        """,
    ),
    Check(
        "order-of-use",
        "No lot that can be spent stands before the head",
        "Priority, earliest expiry, promotional before paid, oldest: the head is spent next.",
        """
        select w.customer_id, l.id as lot_id, w.head_id as head
        from clock, wallet w
            join lot l using (customer_id)
            left join lot h on h.customer_id = w.customer_id and h.id = w.head_id
        where l.remaining > l.held + l.frozen and coalesce(l.expires_at > now, true)
            and l.id is distinct from w.head_id
            and (h.id is null or (l.priority, coalesce(l.expires_at, 'infinity'), l.paid, l.seq)
                < (h.priority, coalesce(h.expires_at, 'infinity'), h.paid, h.seq))
        """,
    ),
    Check(
        "due",
        "A wallet wakes no later than its next expiry",
        "An expired hold is free, and an expired lot gone, from that second on.",
        """
        select customer_id, w.due_at, min(x.expires_at) as expires_at
        from wallet w join (
            select customer_id, expires_at from hold
            union all
            select l.customer_id, l.expires_at from clock, lot l join wallet w using (customer_id)
            where l.remaining > 0
                and (l.expires_at > now or l.remaining > l.held + l.frozen or l.id = w.head_id)
        ) x using (customer_id)
        group by 1, 2 having coalesce(w.due_at, 'infinity') > min(x.expires_at)
        """,
    ),
    Check(
        "lot-remaining",
        "What remains of a lot is account U20 of its transfers",
        "Each lot is explained by the books, line by line.",
        """
        select customer_id, l.id as lot_id, l.remaining, coalesce(t.remaining, 0) as by_transfers
        from lot l left join (
            select customer_id, lot_id as id, sum(amount) as remaining from side
            where account = 'U20' group by 1, 2
        ) t using (customer_id, id)
        where l.remaining <> coalesce(t.remaining, 0)
        """,
    ),
    Check(
        "lot-issued",
        "A lot's units were issued, once",
        "Issued = available + consumed + expired + refunded + escheated + voided + moved.",
        """
        select customer_id, l.id as lot_id, l.units, coalesce(t.issued, 0) as issued
        from lot l left join (
            select customer_id, lot_id as id, bool_or(credit = 'U35') as moved,
                sum(amount) filter (where debit in ('U10', 'U35')) as issued
            from transfer where unit = 'CR' group by 1, 2
        ) t using (customer_id, id)
        -- What is left of a lot when a part moves away is a new basis of its price.
        where l.units <> coalesce(t.issued, 0) and not (t.moved and l.units < t.issued)
        """,
    ),
    Check(
        "lot-accounts",
        "No account of a lot is below zero",
        "Only what was consumed can be given back, only what expired reinstated.",
        """
        select customer_id, lot_id, account, sum(amount) as amount from side
        where lot_id is not null and account not in ('U10', 'U35')
        group by 1, 2, 3 having sum(amount) < 0
        """,
    ),
    Check(
        "lot-held",
        "What a lot holds is what the open holds took of it",
        "The hold names the lots that it takes.",
        """
        select customer_id, l.id as lot_id, l.held, coalesce(h.held, 0) as by_holds
        from lot l left join (
            select customer_id, lot_id as id, sum(split - used) as held from part
            where state = 'held' group by 1, 2
        ) h using (customer_id, id)
        where l.held <> coalesce(h.held, 0)
        """,
    ),
    Check(
        "lot-counters",
        "A lot covers what is held and frozen of it, and is open while something remains",
        "A closed lot is never looked at again.",
        """
        select l.customer_id, l.id as lot_id, l.remaining, l.held, l.frozen, l.open
        from lot l join wallet w using (customer_id)
        where l.remaining < l.held + l.frozen or least(l.held, l.frozen) < 0
            or l.open <> (l.remaining > 0) and l.id is distinct from w.head_id
        """,
    ),
    Check(
        "lot-order",
        "A wallet's lots are numbered in the order of their issue",
        "The oldest is spent first among equals.",
        """
        select customer_id, w.lots, count(l.id) as found, max(l.seq) as last
        from wallet w left join lot l using (customer_id)
        group by 1, 2
        having (w.lots, w.lots) <> (count(distinct l.seq), coalesce(max(l.seq), 0))
            or count(l.id) <> w.lots
        """,
    ),
    Check(
        "lot-price",
        "Paid lots have a currency, and lots that nobody paid for have no price",
        "Every credit that is sold carries its cost; a gift never becomes revenue.",
        """
        select customer_id, id as lot_id, kind, price, tax, currency from lot
        where kind in ('paid', 'bonus') and (kind = 'paid' or price > 0) and currency is null
            or kind not in ('paid', 'bonus') and (price <> 0 or tax <> 0)
        """,
    ),
    Check(
        "lot-currency",
        "Money of a lot is in the lot's currency",
        "One lot is one currency; nothing nets across.",
        """
        select t.customer_id, t.lot_id, t.transaction_id, t.unit, l.currency
        from transfer t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
        where t.unit <> 'CR' and t.unit is distinct from l.currency
        """,
    ),
    Check(
        "lot-expiry",
        "Nothing was spent from an expired lot, but what was held before",
        "Expired credit is gone from that second; a hold keeps what it named.",
        """
        select t.customer_id, t.lot_id, t.transaction_id, t.kind, t.posted_at, l.expires_at
        from transfer t join lot l on l.customer_id = t.customer_id and l.id = t.lot_id
            left join reservation r on r.customer_id = t.customer_id and r.id = t.reservation_id
        -- A lost dispute takes what was frozen before, and expired credit could not be.
        where t.debit = 'U20' and t.credit <> 'U31' and t.kind <> 'dispute'
            and t.posted_at >= l.expires_at
            and coalesce(t.kind <> 'commit' or r.created_at >= l.expires_at, true)
        """,
    ),
    Check(
        "settled-once",
        "No reservation is open and ended",
        "A hold ends once: committed, released or expired.",
        """
        select customer_id, id as reservation_id, h.price_id, c.state
        from hold h join call c using (customer_id, id)
        """,
    ),
    Check(
        "reservation-parts",
        "A reservation's parts add up to it",
        "It names what it took of each lot, and what was committed of that.",
        """
        select customer_id, id as reservation_id, price_id, amount, committed, split, used
        from reservation r, lateral (
            select coalesce(sum(p.split), 0) as split_sum, coalesce(sum(p.used), 0) as used_sum,
                coalesce(bool_and(p.used between 0 and p.split), true) as fits
            from unnest(r.split, r.used) p(split, used)
        ) x
        where cardinality(lots) <> cardinality(split) or cardinality(lots) <> cardinality(used)
            or x.fits is not true or x.used_sum <> committed
            or x.split_sum < amount or x.split_sum > amount and overrun <> 'available'
        """,
    ),
    Check(
        "reservation-state",
        "A reservation's state is one of the known, and fits what was reversed",
        "A reservation that has been given back as a whole is reversed, and no other is.",
        """
        select customer_id, id as reservation_id, price_id, state, committed, reversed
        from reservation
        where state not in ('held', 'committed', 'released', 'expired', 'reversed')
            or overrun not in ('reject', 'cap', 'available')
            or reversed not between 0 and committed
            or state = 'reversed' and reversed < committed
            or state <> 'reversed' and reversed = committed and reversed > 0
        """,
    ),
    Check(
        "reservation-transfers",
        "What a reservation committed of each lot was transferred, and no more given back",
        "Every debit names its lots; reversals go back to the same ones.",
        """
        select customer_id, reservation_id, lot_id,
            sum(used) as used, sum(committed) as committed, sum(reversed) as reversed
        from (
            select customer_id, reservation_id, lot_id, used, 0 as committed, 0 as reversed
            from part
            union all
            select customer_id, reservation_id, lot_id, 0,
                case kind when 'commit' then amount else 0 end,
                case kind when 'reverse' then amount else 0 end
            from transfer where kind in ('commit', 'reverse')
        ) x
        group by 1, 2, 3 having sum(used) <> sum(committed) or sum(reversed) > sum(used)
        """,
    ),
    Check(
        "reservation-reversed",
        "What was reversed of a reservation was transferred back",
        "A correction is a new transaction, never an edit.",
        """
        select customer_id, id as reservation_id, price_id, reversed,
            coalesce(t.amount, 0) as by_transfers
        from reservation left join (
            select customer_id, reservation_id as id, sum(amount) as amount from transfer
            where kind = 'reverse' group by 1, 2
        ) t using (customer_id, id)
        where reversed <> coalesce(t.amount, 0)
        """,
    ),
    Check(
        "reservation-transaction",
        "The transaction that a reservation names is its own commit",
        "The answer to a commit names the transaction that made it.",
        """
        select r.customer_id, r.id as reservation_id, r.price_id, r.transaction_id
        from reservation r
            left join transfer t on t.customer_id = r.customer_id and t.id = r.transaction_id
        where r.transaction_id is not null and (t.kind, t.reservation_id, t.transaction_id)
            is distinct from ('commit', r.id, r.transaction_id)
        """,
    ),
    Check(
        "reservation-price",
        "Every pinned price exists",
        "A hold is settled at the price that it was made at.",
        """
        select customer_id, id as reservation_id, price_id from reservation r
        where price_id <> 0 and not exists (select from ledger_price p where p.id = r.price_id)
        """,
    ),
    Check(
        "versions",
        "Versions count a wallet's transactions without a gap",
        "History order is the version; a missing one is a missing transaction.",
        """
        select customer_id, version, previous from (
            select customer_id, version, 'transfer' as source,
                lag(version, 1, 0::bigint) over history as previous
            from transfer window history as (partition by customer_id order by version)
            union all
            select customer_id, w.version, 'wallet', coalesce(max(t.version), 0)
            from wallet w left join transfer t using (customer_id) group by 1, 2
        ) x
        where version <> previous and (source = 'wallet' or version <> previous + 1)
        """,
    ),
    Check(
        "balance-chain",
        "Each transaction's balance is the one before and what it moved",
        "Any balance at any instant can be explained.",
        """
        select customer_id, version, balance_after, previous + moved as by_transfers from (
            select customer_id, version, balance_after, moved,
                lag(balance_after, 1, 0::bigint) over history as previous
            from (
                select customer_id, version, max(balance_after) as balance_after, sum(
                    case when unit <> 'CR' then 0 when credit = 'U20' then amount
                    when debit = 'U20' then -amount else 0 end) as moved
                from transfer group by 1, 2
            ) t window history as (partition by customer_id order by version)
        ) x where balance_after <> previous + moved
        """,
    ),
    Check(
        "transaction",
        "A transaction is of one customer, version and instant, and named by its first transfer",
        "Its transfers are one event: they were written together.",
        """
        select min(customer_id::text)::uuid as customer_id, transaction_id, min(version) as version
        from transfer group by transaction_id
        having min(customer_id::text) <> max(customer_id::text) or min(version) <> max(version)
            or min(posted_at) <> max(posted_at) or min(balance_after) <> max(balance_after)
            or not bool_or(id = transaction_id)
        """,
    ),
    Check(
        "version-once",
        "A version is of one transaction",
        "Two events with one number would have no order.",
        """
        select customer_id, version, min(transaction_id::text)::uuid as transaction_id
        from transfer group by 1, 2 having min(transaction_id::text) <> max(transaction_id::text)
        """,
    ),
    Check(
        "chart",
        "A transfer moves something between two accounts of the chart, of its kind of unit",
        "Never one line with credits and money; never from an account to itself.",
        """
        select customer_id, transaction_id, t.id as transfer_id, t.unit, debit, credit, amount
        from transfer t
            left join ledger_account d on d.code = t.debit
            left join ledger_account c on c.code = t.credit
        where amount <= 0 or debit = credit or t.unit !~ '^(CR|[A-Z]{3})$'
            or d.unit is distinct from case t.unit when 'CR' then 'credits' else 'money' end
            or c.unit is distinct from d.unit
            or t.unit = 'CR' and lot_id is null
            and (debit, credit) not in (('U20', 'U30'), ('U30', 'U20'))
        """,
    ),
    Check(
        "clearing",
        "The clearing accounts of moves between customers sum to zero",
        "What left one customer arrived at another.",
        """
        select unit, account, sum(amount) as amount from (
            select unit, credit as account, amount from transfer where credit in ('U35', '2190')
            union all
            select unit, debit, -amount from transfer where debit in ('U35', '2190')
        ) x
        group by 1, 2 having sum(amount) <> 0
        """,
        of_company=True,
    ),
    Check(
        "key-once",
        "A key that names a row has no other meaning",
        "One key, one request, one answer.",
        """
        select k.customer_id, k.key, k.answers from key k
        where (k.customer_id, k.key) in (select customer_id, id from reservation)
            or (answers <> 'result' or result->>'transaction_id' is distinct from k.key::text)
            and (k.customer_id, k.key) in (select customer_id, id from transfer)
        union all
        select customer_id, id, t.kind from reservation r join transfer t using (customer_id, id)
        where t.reservation_id is distinct from r.id or t.kind <> 'commit'
        """,
    ),
    Check(
        "key-last",
        "No key is above the wallet's last one",
        "A higher key is taken for a new one, and its request would be done twice.",
        """
        select customer_id, x.key, w.last_key from wallet w join (
            select customer_id, key from key where substr(key::text, 15, 1) = '7'
            union all
            select customer_id, id from (
                select customer_id, id, request from hold
                union all select customer_id, id, request from call
            ) r
            where request is not null
                and (customer_id, id) not in (
                    select customer_id, reservation_id from key where reservation_id is not null)
        ) x using (customer_id)
        where (x.key > w.last_key) is not false
        """,
    ),
    Check(
        "key-answer",
        "Every remembered key can be answered again",
        "A replay is the first answer, byte for byte.",
        """
        select k.customer_id, k.key, k.answers, k.reservation_id
        from key k
            left join reservation r on r.customer_id = k.customer_id and r.id = k.reservation_id
        where case answers when 'result' then result is null when 'reserve' then r.id is null
            when 'end' then r.id is null or r.state = 'held' else true end
        """,
    ),
    Check(
        "orphans",
        "Every wallet has a customer, and every row a wallet and its lots",
        "Everything of a customer stays under that customer.",
        """
        select customer_id, 'wallet' as of, null::uuid as id from wallet
        where not exists (select from accounts_customer c where c.id = customer_id)
        union all
        select customer_id, x.of, x.id from (
            select customer_id, 'lot' as of, id from lot_row
            union all select customer_id, 'hold', id from hold
            union all select customer_id, 'call', id from call
            union all select customer_id, 'transfer', id from transfer
            union all select customer_id, 'event', id from event
            union all select customer_id, 'key', key from key
        ) x where not exists (select from ledger_wallet w where w.customer_id = x.customer_id)
        union all
        select customer_id, x.of, x.id from (
            select customer_id, 'lot of a transfer' as of, id, lot_id from transfer
            union all select customer_id, 'lot of a reservation', reservation_id, lot_id from part
        ) x
        where lot_id is not null and not exists (
            select from ledger_lot l where l.customer_id = x.customer_id and l.id = x.lot_id)
        """,
    ),
]
