"""The books as data: dated events, played through the code of production into a database of their
own, under a moved clock (accounting rules, section 10).

`file.py` reads and checks a file, with `shapes.py` and `fields.py`; `database.py` makes the
database and drops it; `player.py` plays, and `events/` says what each event does; `books.py` reads
what came of it, `expecting.py` compares, and `output.py` tells it.
"""
