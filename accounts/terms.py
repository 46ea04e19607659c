"""The terms that a person agrees to by signing up."""

from typing import Final

# Which text it was: kept with every consent. A new text is a new version.
VERSION: Final = "2026-11"
