"""Past calls priced under another rate card: what would change for whom.

`asking.py` writes down what is asked, `running.py` answers it in the background, `calls.py` streams
the calls, `repricing.py` says what each would have cost, `months.py` what its month had had,
`terms.py` whom the card concerns, `lines.py` adds up, `lot_costs.py` says what it is in money, and
`results.py` reads the answer.
"""
