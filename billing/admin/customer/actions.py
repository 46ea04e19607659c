"""What staff do from a customer's page. Whoever adds an act adds a line; one whose page is not
there, or which this person may not do, is no button."""

from collections.abc import Callable
from typing import Final, NamedTuple

from accounts.models import Customer, CustomerStatus
from billing.admin.customer.section import Looked, resolved


def _always(customer: Customer) -> bool:
    return True


def _may_spend(customer: Customer) -> bool:
    return customer.status == CustomerStatus.ACTIVE and customer.sandbox_of_id is None


def _is_suspended(customer: Customer) -> bool:
    return customer.status == CustomerStatus.SUSPENDED and customer.sandbox_of_id is None


def _is_open(customer: Customer) -> bool:
    return customer.status != CustomerStatus.CLOSED


def _is_closed(customer: Customer) -> bool:
    return customer.status == CustomerStatus.CLOSED and customer.sandbox_of_id is None


def _is_of_its_own(customer: Customer) -> bool:
    return _is_open(customer) and customer.sandbox_of_id is None


class Action(NamedTuple):
    """`named`: the customer is a parameter of this name, and not part of the address."""

    label: str
    url: str
    permission: str
    when: Callable[[Customer], bool] = _always
    named: str = ""


class Button(NamedTuple):
    label: str
    page: str


ACTIONS: Final = (
    Action("Adjust", "billing_customer_adjust", "billing.propose_adjustment", _is_of_its_own),
    Action("Edit", "accounts_customer_edit", "accounts.change_customer", _is_open),
    Action("New key", "accounts_apikey_add", "accounts.add_apikey", _is_open, "customer"),
    Action("Limits", "accounts_customer_limits", "ledger.change_limits", _is_open),
    Action("Suspend", "accounts_customer_suspend", "accounts.suspend_customer", _may_spend, "id"),
    Action("Resume", "accounts_customer_resume", "accounts.suspend_customer", _is_suspended, "id"),
    Action("Statement PDF", "accounts_customer_statement", "ledger.view_transfer"),
    Action("Export data", "accounts_customer_export", "billing.export_customer"),
    Action("Close account", "accounts_customer_close", "billing.close_account", _is_of_its_own),
    Action("Erase data", "accounts_customer_erase", "billing.erase_customer", _is_closed),
)


def of(looked: Looked) -> list[Button]:
    return [
        Button(action.label, page)
        for action in ACTIONS
        if action.when(looked.customer)
        and looked.may(action.permission)
        and (page := _page(action, looked.customer))
    ]


def _page(action: Action, customer: Customer) -> str:
    if action.named:
        return resolved(action.url, **{action.named: customer.pk})
    return resolved(action.url, customer.pk)
