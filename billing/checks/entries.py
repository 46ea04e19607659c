"""Each account of a payment's entries is what the payment, its refunds and its disputes say."""

from ledger.checks import Check


def _ties(accounts: str, name: str, title: str, why: str) -> Check:
    listed = ", ".join(f"'{account}'" for account in accounts.split())
    return Check(
        name,
        title,
        why,
        f"""
        select customer_id, purchase, currency, coalesce(s.said, 0) as by_payment,
            coalesce(e.entered, 0) as by_books
        from (
            select customer_id, purchase, currency, sum(amount) as said
            from said where account in ({listed}) group by 1, 2, 3
        ) s full join (
            select customer_id, purchase, currency, sum(amount) as entered
            from entry where account in ({listed}) group by 1, 2, 3
        ) e using (customer_id, purchase, currency)
        where coalesce(s.said, 0) <> coalesce(e.entered, 0)
        """,
    )


CHECKS = [
    _ties(
        "1000",
        "cash",
        "Cash is what was paid, less fees, and what refunds and disputes took",
        "What the books call cash is what the provider has for us.",
    ),
    _ties(
        "1200",
        "in-dispute",
        "Disputes receivable are the amounts of the open disputes",
        "A dispute that is decided is somebody's loss, or money that came back.",
    ),
    _ties(
        "2200",
        "tax-payable",
        "Tax payable is the tax of what was paid, less what went back with relief",
        "What was collected for the tax office is owed to it, to the cent.",
    ),
    _ties(
        "2400",
        "refunds-payable",
        "Refunds payable are the refunds that were asked for and have not left",
        "What is owed to a customer leaves, or is given up; it does not stay unseen.",
    ),
    _ties(
        "4300",
        "concessions",
        "Concessions are what was refunded of credits that were used",
        "Money given back for what was used makes revenue smaller.",
    ),
    _ties(
        "4400",
        "kept-fees",
        "Non-refundable fees are what was kept of the refunds",
        "A refund that fails gives its fee back too.",
    ),
    _ties(
        "6100",
        "payment-fees",
        "Processing fees are the fees of the payments",
        "Each fee is entered once, however often it is told.",
    ),
    _ties(
        "6200",
        "dispute-fees",
        "Dispute fees are the fees of the disputes, less what came back of them",
        "A fee may be told late, and may be returned when a dispute is won.",
    ),
    _ties(
        "2100 1100 4310 6300",
        "deferred-and-lost",
        "The net of what was paid is deferred, was given back, or is lost with a dispute",
        "No part of it becomes revenue, or anything else, by way of a refund or a dispute.",
    ),
]
