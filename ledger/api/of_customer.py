"""What stands under a customer's id."""

from uuid import UUID

from accounts import ids
from accounts.models import Scope
from accounts.rest import KeyedView
from accounts.selectors import customer_by_id


class OfCustomerView(KeyedView):
    """Reads what stands under a customer's id."""

    required_scopes = {"GET": Scope.READ}
    open_to_the_customer = True

    def customer(self) -> UUID:
        """Raises NotFound."""
        return customer_by_id(ids.decode(ids.CUSTOMER, self.kwargs["customer_id"])).id
