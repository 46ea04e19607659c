"""Revenue sharing: endpoints that belong to partners (accounts 2500 and 6400).

```
terms  ->  accruing  ->  statements
(whose)    (6400, 2500)  payouts (2500, 1000)
```

A call is under the terms of its endpoint that hold when it was made: as reported work says, else
when it was reserved. What it earns is what its credits cost, lot by lot, less what was reversed.
"""

from billing.partners.accruing import accrue, accrue_all
from billing.partners.owing import Owed, owed
from billing.partners.payouts import record_payout
from billing.partners.statements import statement
from billing.partners.terms import agree, end

__all__ = [
    "Owed",
    "accrue",
    "accrue_all",
    "agree",
    "end",
    "owed",
    "record_payout",
    "statement",
]
