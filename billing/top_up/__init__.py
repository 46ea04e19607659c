"""Automatic top-up: a saved card is charged when credits fall to a threshold.

Promise 7: it never runs away, and never fails silently. One attempt is in flight per customer, by a
unique index; one charge closes the gap, within a month's cap; a card that declines is left alone;
the owners are told of the first failure, with a way to mend it.
"""
