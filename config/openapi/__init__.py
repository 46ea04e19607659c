"""The OpenAPI document: what `operations.py` says of each operation, with the types that decode its
request and encode its answer, and what all of them share."""
