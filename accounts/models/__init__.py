"""Who there is: people, customers, the services that ask for debits, and their keys.

The fast path keeps keys and customers in memory and polls `changed_at`. Whatever it must hear of
(a new, revoked or suspended row) sets `changed_at` to the database's clock, which every service
here does.
"""

from accounts.models.audit import AuditEntry, Via
from accounts.models.customers import HOUSE_ID, Customer, CustomerStatus
from accounts.models.keys import ApiKey, Key, KeyAddress, KeyNotice, Scope, Service, ServiceKey
from accounts.models.members import Invitation, Member, Role, SignUp
from accounts.models.people import StaffRole, User
from accounts.models.replies import IdempotentReply

__all__ = [
    "HOUSE_ID",
    "ApiKey",
    "AuditEntry",
    "Customer",
    "CustomerStatus",
    "IdempotentReply",
    "Invitation",
    "Key",
    "KeyAddress",
    "KeyNotice",
    "Member",
    "Role",
    "Scope",
    "Service",
    "ServiceKey",
    "SignUp",
    "StaffRole",
    "User",
    "Via",
]
