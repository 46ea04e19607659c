"""Receipts and credit notes."""

from ledger.checks import Check

CHECKS = [
    Check(
        "papers",
        "A payment has its receipt, and what went back of it its credit notes",
        "What was sold, and what was given back, is on paper.",
        """
        select customer_id, purchase, 'receipt' as lacks, null as of from payment p
        where not exists (
            select from billing_document b
            where b.purchase_id = p.purchase_id and b.kind = 'receipt')
        union all
        select customer_id, purchase, 'credit note', refund from refund r
        where state = 'succeeded' and amount > 0
            and not exists (select from billing_document b where b.refund_id = r.id)
        union all
        select customer_id, purchase, 'credit note', dispute from dispute d
        where state = 'lost' and amount > excess
            and not exists (select from billing_document b where b.dispute_id = d.id)
        """,
    ),
    Check(
        "paper-numbers",
        "Receipts and credit notes are numbered without a gap",
        "A number that is missing is a paper that somebody took away.",
        """
        select kind, count(number) as papers, max(number) as highest, s.last
        from billing_documentsequence s full join billing_document b using (kind)
        group by 1, s.last
        having count(number) <> coalesce(max(number), 0) or count(number) <> coalesce(s.last, 0)
        """,
        of_company=True,
    ),
]
