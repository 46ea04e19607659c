import msgspec
from django.core.exceptions import ValidationError

METADATA_PAIRS_MAX = 20
METADATA_BYTES_MAX = 2048


def check_metadata(value: object) -> None:
    """At most 20 pairs of strings, 2 KiB as JSON, and none of the null characters jsonb refuses."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValidationError("This must be an object of strings.")
    if len(value) > METADATA_PAIRS_MAX:
        raise ValidationError(f"This has more than {METADATA_PAIRS_MAX} pairs.")
    if any("\0" in text for pair in value.items() for text in pair):
        raise ValidationError("Null characters are not allowed.")
    if len(msgspec.json.encode(value)) > METADATA_BYTES_MAX:
        raise ValidationError(f"This is longer than {METADATA_BYTES_MAX} bytes.")
