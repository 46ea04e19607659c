"""Acts on a model's rows, from its list and from a row's page: each asks first."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from accounts import confirming
from accounts.confirming import Act
from accounts.models import User

# Generic for the type checker only: Django's own class takes no parameter at run time.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

AT_ONCE_MAX: Final = 100


class ActingAdmin(ModelAdmin):
    """`linked_by` names columns that other pages ask a list for, beside those it is filtered by."""

    acts: ClassVar[Sequence[Act]] = ()
    linked_by: ClassVar[Sequence[str]] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Django would let an address ask for any column of a row, so for those that no page shows:
        a session's key was told letter by letter."""
        assert request is not None  # Django always gives it; its stubs do not say so.
        column, *_ = lookup.split(LOOKUP_SEP)
        is_asked_for = column not in self._columns() or column in self._filters(request)
        # Of longer years Django makes an error of its own.
        is_known = column != self.date_hierarchy or not value.isdigit() or len(value) <= 4
        return is_asked_for and is_known and super().lookup_allowed(lookup, value, request)

    def _columns(self) -> set[str]:
        fields = self.opts.get_fields(include_hidden=True)
        return {name for one in fields for name in (one.name, getattr(one, "attname", one.name))}

    def _filters(self, request: HttpRequest) -> set[str]:
        """Of columns, or of parameters of their own."""
        names = {self.date_hierarchy or "", *self.linked_by}
        for one in self.get_list_filter(request):
            name: Any = one[0] if isinstance(one, (tuple, list)) else one
            names.add(getattr(name, "parameter_name", name))
        return names

    def get_urls(self) -> list[URLPattern]:
        own = [self._act_url(act) for act in self.acts]
        return [*own, *super().get_urls()]

    def _act_url(self, act: Act) -> URLPattern:
        view = self.admin_site.admin_view(partial(self._confirm, act=act))
        opts = self.opts
        return path(f"do/{act.code}", view, name=f"{opts.app_label}_{opts.model_name}_{act.code}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = {**super().get_actions(request)}
        for act in self.acts_of(request):
            found[act.code] = (partial(_ask, act=act), act.code, f"{act.verb}: asks first")
        return found

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ids of rows within a form are hidden there: who sends others has made them up."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ValidationError:
            raise BadRequest("This is no form of ours.") from None

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """What is no id at all is an error of whoever sent it, and none of ours."""
        try:
            queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME))
        except (ValidationError, ValueError):
            messages.error(request, "Choose rows of this list. Nothing was done.")
            return None
        return super().response_action(request, queryset)

    def acts_of(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.acts if request.user.has_perm(act.permission)]

    def ways_on(self, request: HttpRequest, obj: Any) -> list[tuple[str, str]]:
        """What else is done with a row, and on which page: beside its acts."""
        return []

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            acts = [
                (act.verb, address(act, obj))
                for act in self.acts_of(request)
                if isinstance(request.user, User) and not act.look(obj, request.user).refusal
            ]
            context["acts"] = [*acts, *self.ways_on(request, obj)]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _confirm(self, request: HttpRequest, act: Act) -> HttpResponse:
        keys = [key for key in request.GET.getlist("id") if key]

        def load(is_locked: bool) -> Sequence[Any]:
            return self._rows(request, keys, is_locked=is_locked)

        return confirming.page(
            request,
            act,
            load,
            back=self._back(request, keys),
            context=self.admin_site.each_context(request) | {"opts": self.opts},
        )

    def _rows(self, request: HttpRequest, keys: Sequence[str], *, is_locked: bool) -> Sequence[Any]:
        found: QuerySet[Any] = self.get_queryset(request).order_by("pk")
        try:
            found = found.filter(pk__in=keys[:AT_ONCE_MAX])
        except (ValidationError, ValueError):
            raise Http404 from None
        return list(found.select_for_update(no_key=True) if is_locked else found)

    def _back(self, request: HttpRequest, keys: Sequence[str]) -> str:
        """To the page that it was asked from: of the one row, or the list."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if len(keys) == 1:
            return reverse(f"{name}_change", args=keys)
        return reverse(f"{name}_changelist")


def address(act: Act, *rows: Any) -> str:
    """Where it is asked of these rows, which are of one model."""
    opts = rows[0]._meta
    page = reverse(f"admin:{opts.app_label}_{opts.model_name}_{act.code}")
    return f"{page}?{urlencode([('id', row.pk) for row in rows])}"


def _ask(
    model_admin: ActingAdmin, request: HttpRequest, queryset: QuerySet[Any], act: Act
) -> HttpResponse | None:
    rows = list(queryset[: AT_ONCE_MAX + 1])
    if not rows:
        return None
    if len(rows) > AT_ONCE_MAX:
        messages.error(request, f"Choose at most {AT_ONCE_MAX} at a time.")
        return None
    return redirect(address(act, *rows))
