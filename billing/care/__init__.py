"""Care of customers: what staff do for them that is no sale and no debit."""
