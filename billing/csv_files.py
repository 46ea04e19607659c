"""Where files of comma-separated values were made before the ledger's pages had some, too."""

from accounts.csv_files import Streamed, download, lines, safe, streaming

__all__ = ["Streamed", "download", "lines", "safe", "streaming"]
