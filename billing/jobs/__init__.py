"""What is done by itself: each run is recorded, and how it stands is shown and told.

`recording.py` is the base class of all tasks; `standing.py` says how each job stands against its
schedule; `housekeeping.py` and `digest.py` are work that no other package does.
"""
