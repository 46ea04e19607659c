"""Plans: a customer pays by the period, for what is included, and for what goes beyond.

A period is turned over in one database transaction, under the subscription's lock: what it owes
becomes an invoice, with its entries and its paper. Whoever charges it does so afterwards, outside
of any, under a name of the attempt. So a process may end anywhere, and two may run at once.
"""
