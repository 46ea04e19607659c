"""What adjustments refuse; nothing was changed then.

AdjustmentError
├── DraftRefused    adjustment-refused
├── EffectChanged   adjustment-changed
├── BatchChanged    adjustment-changed
└── NotToDecide     adjustment-not-to-decide
"""

from collections.abc import Mapping

from billing.adjustments.effects import Effect
from billing.errors import BillingError


class AdjustmentError(BillingError):
    pass


class DraftRefused(AdjustmentError):
    """`errors` are sentences by field; one of the whole stands under an empty name."""

    code = "adjustment-refused"

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = dict(errors)
        super().__init__(" ".join(self.errors.values()))


class EffectChanged(AdjustmentError):
    """It would come to something else than was seen: `effect` is what it would come to now."""

    code = "adjustment-changed"
    default_detail = "It would come to something else by now. Look at it again."

    def __init__(self, effect: Effect) -> None:
        self.effect = effect
        super().__init__()


class BatchChanged(AdjustmentError):
    """It would come to something else than was seen."""

    code = "adjustment-changed"
    default_detail = "It would come to something else by now. Look at it again."


class NotToDecide(AdjustmentError):
    code = "adjustment-not-to-decide"
