"""People, customers and keys, made as the product makes them: through the services."""

from typing import Any

import factory

from accounts import services
from accounts.models import Role, Scope


class UserFactory(factory.Factory[Any]):
    class Meta:
        model = services.create_user

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")


class CustomerFactory(factory.Factory[Any]):
    class Meta:
        model = services.create_customer

    name = factory.Sequence(lambda n: f"Customer {n}")


class MemberFactory(factory.Factory[Any]):
    class Meta:
        model = services.add_member

    user = factory.SubFactory(UserFactory)
    customer = factory.SubFactory(CustomerFactory)
    role = Role.OWNER


class ServiceFactory(factory.Factory[Any]):
    class Meta:
        model = services.create_service

    name = factory.Sequence(lambda n: f"backend {n}")


class ServiceKeyFactory(factory.Factory[Any]):
    """A key with every scope, and its secret."""

    class Meta:
        model = services.create_service_key

    service = factory.SubFactory(ServiceFactory)
    scopes = list(Scope)


class ApiKeyFactory(factory.Factory[Any]):
    """A customer's key and its secret."""

    class Meta:
        model = services.create_api_key

    customer = factory.SubFactory(CustomerFactory)
