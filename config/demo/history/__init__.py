"""Some months of Northwind AI's past, made by the core itself under a moved clock.

`calendar.py` says when there were calls, `calls.py` what they cost and `diary.py` what else was
done; `player.py` goes through the months, and `clock.py` makes each hour of them the present.
"""
