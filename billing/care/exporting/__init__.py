"""All that is known of a customer, as a ZIP of CSV files and PDFs, written as it is taken.

`files` says what of each table; `packing` writes the archive.
"""
