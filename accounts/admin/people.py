"""People, and what those of the staff may do."""

from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from accounts import audit, services, staff
from accounts.admin.kept import ModelForm
from accounts.models import StaffRole, User

if TYPE_CHECKING:
    UserChangeForm = auth_forms.UserChangeForm[User]
    UserModelAdmin = auth_admin.UserAdmin[Any]
else:
    UserChangeForm = auth_forms.UserChangeForm
    UserModelAdmin = auth_admin.UserAdmin


# Roles say what staff may do. Groups that somebody is in from before grant what they did.
admin.site.unregister(Group)


class UserAddForm(auth_forms.AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or {}
        role = said.get("staff_role", self.instance.staff_role)
        stays = role == StaffRole.ADMINISTRATOR and said.get("is_active", self.instance.is_active)
        if not stays and staff.is_last_administrator(self.instance):
            raise ValidationError(staff.LAST)
        return said


@admin.register(User)
class UserAdmin(UserModelAdmin):
    """Nobody changes what they may do themselves, and only administrators what others may."""

    form = UserForm
    add_form = UserAddForm
    ordering = ["email"]
    list_display = ["email", "name", "staff_role", "is_active", "second_factor", "last_login"]
    list_filter = ["is_active", "staff_role"]
    search_fields = ["email", "name"]
    filter_horizontal = []
    readonly_fields = ["created_at", "last_login", "second_factor", "older_grants"]
    actions = ["turn_off_second_factor"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Access", {"fields": ["is_active", "staff_role", "older_grants", "second_factor"]}),
        ("Dates", {"fields": ["created_at", "last_login"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        found: QuerySet[User] = super().get_queryset(request)
        return found.annotate(factor=Exists(Authenticator.objects.filter(user=OuterRef("pk"))))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever sets the password of one of the staff could become that one."""
        may_change = super().has_change_permission(request, obj)
        return may_change and (obj is None or not obj.is_staff or staff.is_administrator(request))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fields = list(self.readonly_fields)
        if obj == request.user:
            fields += ["is_active"]
        if obj == request.user or not staff.is_administrator(request):
            fields += ["staff_role"]
        return fields

    @admin.action(description="Turn off the second factor: phone lost", permissions=["change"])
    def turn_off_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if not self.has_change_permission(request, user):
                self.message_user(request, f"{user} is staff: ask an administrator.", "ERROR")
                continue
            services.turn_off_second_factor(user)
            self.log_change(request, user, "Turned off the second factor.")
            audit.record("second_factor.removed", user)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        """Staff answer for the address that they give."""
        if "staff_role" in form.changed_data:
            staff.follow_role(obj)
        super().save_model(request, obj, form, change)
        if not change or "email" in form.changed_data:
            services.verify_address(obj)

    @admin.display(description="second factor", boolean=True)
    def second_factor(self, user: Any) -> bool:
        has_one: bool = user.factor
        return has_one

    @admin.display(description="from before there were roles")
    def older_grants(self, user: User) -> str:
        """Of groups and of permissions that were given one by one, which go on."""
        groups = [group.name for group in user.groups.order_by("name")]
        single = [str(one) for one in user.user_permissions.order_by("codename")]
        return ", ".join([*groups, *single]) or "Nothing"
