"""What each role may do, as permissions."""

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError

from accounts.models import StaffRole, User
from config.staff_roles import ACTS, ALL, HELD, PERMISSIONS, RULES

pytestmark = pytest.mark.django_db


def somebody(role, **fields):
    return User.objects.create_user(f"{role}@example.com", is_staff=True, staff_role=role, **fields)


@pytest.mark.parametrize("role", StaffRole)
def test_a_role_holds_what_is_written_and_nothing_else(role):
    person = somebody(role)
    held = {name for name in PERMISSIONS if person.has_perm(name)}
    assert held == HELD[role]
    assert person.get_all_permissions() == HELD[role]
    assert not person.has_perm("billing.delete_purchase")
    assert not person.has_perm("billing.view_purchase", obj=person)


def test_an_administrator_holds_all_and_an_auditor_what_is_seen():
    assert HELD[StaffRole.ADMINISTRATOR] == set(PERMISSIONS)
    seen = {name for name in PERMISSIONS if ".view_" in name}
    assert HELD[StaffRole.AUDITOR] == seen | {"accounts.export_audit", "ledger.export_heads"}
    assert not HELD[StaffRole.AUDITOR] & (set(ACTS) - seen) - {
        "accounts.export_audit",
        "ledger.export_heads",
    }


def test_only_administrators_change_people():
    for verb in ("add", "change"):
        assert PERMISSIONS[f"accounts.{verb}_user"] == {StaffRole.ADMINISTRATOR}


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_staff": False, "staff_role": None}])
def test_who_left_or_has_no_role_holds_nothing(fields):
    person = User.objects.create_user("ann@example.com", **{"is_staff": True, **fields})
    assert person.get_all_permissions() == set()
    assert not person.has_perm("billing.view_purchase")
    assert not person.has_module_perms("billing")


def test_modules_are_those_of_what_is_held():
    person = somebody(StaffRole.OPERATIONS)
    assert person.has_module_perms("billing")
    assert not person.has_module_perms("auth")


def test_groups_go_on_granting_but_not_to_an_auditor():
    group = Group.objects.create(name="Closers")
    group.permissions.add(Permission.objects.get(codename="close_period"))
    support, auditor = somebody(StaffRole.SUPPORT), somebody(StaffRole.AUDITOR)
    for person in (support, auditor):
        person.groups.add(group)
    assert support.has_perm("billing.close_period")
    assert not auditor.has_perm("billing.close_period")


@pytest.mark.parametrize(
    "fields",
    [
        {"staff_role": "support", "is_staff": False},
        {"staff_role": "king", "is_staff": True},
        {"staff_role": "auditor", "is_staff": True, "is_superuser": True},
    ],
)
def test_the_database_keeps_roles_true(fields):
    with pytest.raises(IntegrityError):
        User.objects.create_user("ann@example.com", **fields)


def test_a_superuser_is_an_administrator():
    assert User.objects.create_superuser("boss@example.com").staff_role == "administrator"


def in_words(roles):
    if roles is None:
        return "-"
    return "all" if roles == ALL else ", ".join(sorted(roles)) or "administrators"


def pages_told():
    for name, rule in RULES.items():
        called = str(apps.get_model(name)._meta.verbose_name_plural)
        yield f"| {called} | {' | '.join(map(in_words, rule))} |"


def acts_told():
    for name, roles in ACTS.items():
        yield f"| `{name}` | {in_words(roles)} |"


def test_the_documentation_says_the_same():
    """Whoever changes a rule changes its line in docs/staff.md: these are the lines."""
    page = (settings.BASE_DIR / "docs" / "staff.md").read_text()
    tables = page.split("### Pages and acts")[1].split("\n## ")[0]
    said = [line for line in tables.splitlines() if line.startswith("| ")]
    assert [line for line in said if " adds |" not in line and "| act |" not in line] == [
        *pages_told(),
        *acts_told(),
    ]
