import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, connections, transaction

from accounts import roles
from accounts.models import AuditEntry, Confirmation

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

# What the service may not do to some.
KEPT = {AuditEntry: ("INSERT", "UPDATE", "DELETE"), Confirmation: ("UPDATE", "DELETE")}


def may(privilege, table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, %s, %s)", [settings.APPLICATION_ROLE, table, privilege]
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize("app", ["accounts", "admin", "auth", "contenttypes", "sessions"])
def test_the_service_reads_and_writes_the_ordinary_tables_of_every_app(app):
    """Those made before the role's migration, and those made after it."""
    for model in apps.get_app_config(app).get_models(include_auto_created=True):
        for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            is_kept = privilege in KEPT.get(model, ())
            assert may(privilege, model._meta.db_table) is not is_kept, (privilege, model)


@pytest.mark.parametrize("privilege", ["TRUNCATE", "REFERENCES", "TRIGGER"])
def test_the_service_has_no_more_rights_than_that(privilege):
    assert not may(privilege, "accounts_customer")


def test_the_service_reads_which_migrations_are_applied_and_no_more():
    assert may("SELECT", "django_migrations")
    assert not may("INSERT", "django_migrations")
    assert not may("DELETE", "django_migrations")


def test_a_missing_role_that_may_not_be_created_is_an_error_that_says_what_to_do(settings):
    settings.APPLICATION_ROLE = "nobody_made_this"
    owner = connections["owner"]
    with (
        pytest.raises(ProgrammingError, match="CREATE ROLE nobody_made_this"),
        transaction.atomic(using="owner"),
        owner.schema_editor(atomic=False) as editor,
    ):
        roles.create_application_role(apps, editor)


def test_a_role_that_is_there_is_left_as_it_is():
    with connections["owner"].schema_editor(atomic=False) as editor:
        roles.create_application_role(apps, editor)
