"""What those who run this installation are told, once when it begins and once when it is over.

`notices.py` writes what is owed: a mail to OPERATORS, and a call of OPERATORS_WEBHOOK_URL, which
`webhook.py` makes. `conditions.py` is what the worker looks for by itself; `watchdog.py` is what a
worker that is silent could not tell. Not Django's ADMINS, who would be sent every fault with its
request.
"""
