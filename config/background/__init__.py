"""Work that is done by itself: where its messages wait, and what the worker does beside running
tasks. Which tasks there are and when each is sent, `config/celery.py` says.
"""
