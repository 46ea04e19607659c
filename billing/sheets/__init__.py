"""Files of rows that staff upload: read, tried row by row, and refused whole with every reason.

`reading` makes rows of a file, `cells` values of texts, `rows` tries them through
django-import-export. What becomes of good rows is the caller's.
"""
