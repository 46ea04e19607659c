"""The ledger over HTTP, all but the debits themselves: those are answered by the fast path."""
