"""Money: packs, purchases, refunds, revenue. It uses `ledger` and `accounts`, never they it."""
