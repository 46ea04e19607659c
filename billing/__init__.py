"""Money: packs, purchases, refunds, revenue. It may use `ledger` and `accounts`; they never use it."""
