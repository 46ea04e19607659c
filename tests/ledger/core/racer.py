"""A caller in a process of its own: for each line one call of the core; its answer's code out."""

import sys

import psycopg

with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    for line in sys.stdin:
        answer = connection.execute("select code from ledger_apply(%s::json, true)", [line])
        print(*answer.fetchone(), flush=True)
