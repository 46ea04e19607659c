"""As the ledger's own pages write them; Django reads these names."""

from typing import Final

DATE_FORMAT: Final = "Y-m-d"
DATETIME_FORMAT: Final = "Y-m-d H:i:s e"
