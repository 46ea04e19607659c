"""What counts: test credits of sandboxes are in no report, and in no unit total.

No money is ever theirs, so that only what counts credits, or asks whether a day has entries, has to
leave them out. Sandboxes are few: the database reads them once for a query.
"""

from typing import Final

REAL: Final = """not exists (
    select from accounts_customer s where s.id = {}.customer_id and s.sandbox_of_id is not null)"""

TRANSFERS: Final = f"(select * from ledger_transfer x where {REAL.format('x')})"
POSTINGS: Final = f"(select * from ledger_posting x where {REAL.format('x')})"
LOTS: Final = f"(select * from ledger_lot x where {REAL.format('x')})"
