"""An OpenAPI file becomes endpoints, and lines of a draft card whose cost is to be filled in.

`documents.py` reads a file and knows the lines in it, `validation.py` holds it against the
specification, `described.py` finds its operations, `comparing.py` says what would change, and
`applying.py` does it.
"""
