"""Months of calls are detached to files, and read back. Their transfers stay."""
