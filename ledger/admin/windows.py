"""Windows on what the core wrote: to be looked at, never to be changed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.text import capfirst
from psycopg.errors import QueryCanceled

from accounts import ids
from accounts.admin.acting import ActingAdmin
from accounts.errors import InvalidId
from ledger.admin import searching, shown

if TYPE_CHECKING:
    BasePaginator = Paginator[Any]
else:
    BasePaginator = Paginator

ROWS_MAX = 1000
SEARCH_SECONDS = 10


class BoundedPaginator(BasePaginator):
    """Who looks for more than this has to say what for."""

    @cached_property
    def count(self) -> int:
        return cast("QuerySet[Any]", self.object_list).order_by()[:ROWS_MAX].count()


class WindowList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.is_cut = self.result_count == ROWS_MAX
        if not self.query:
            self.full_result_count = self.result_count

    def url_for_result(self, result: Any) -> str:
        return shown.row_page(self.opts.model_name or "", result.customer_id, result.pk)


class WindowAdmin(ActingAdmin):
    actions: Sequence[str] | None = None
    # Which column the id with this prefix stands in.
    id_columns: ClassVar[dict[str, str]] = {ids.CUSTOMER: "customer_id"}
    list_per_page = 50
    list_max_show_all = 0
    list_select_related = ["customer"]
    ordering = ["-id"]
    paginator = BoundedPaginator
    search_fields = ["id"]  # What is searched, `searched` decides.
    search_help_text = (
        "A customer's name, e-mail or external id; cus_…, rsv_…, txn_…, lot_…, key_…; "
        "the beginning of a key"
    )
    show_facets = ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()
    change_form_template = "ledger/admin/row.html"
    change_list_template = "ledger/admin/list.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return WindowList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        return (queryset.filter(self.searched(term)) if term else queryset), False

    def searched(self, term: str) -> Q:
        try:
            return searching.named(term, self.id_columns)
        except InvalidId:
            return searching.of_customers(term) or Q(pk=None)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Two customers' rows may have one id."""
        try:
            key = dict(zip(("customer_id", "pk"), _parts(object_id), strict=True))
        except ValueError:
            return None
        return self.get_queryset(request).filter(**key).first()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            with _patience():
                titled = {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
                response = super().changelist_view(request, titled)
                return response.render() if isinstance(response, TemplateResponse) else response
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
        told = f"That took longer than {SEARCH_SECONDS} seconds. Say of which customer, too."
        messages.error(request, told)
        return redirect("admin:index")


def _parts(key: str) -> Iterator[UUID]:
    """Raises ValueError."""
    if len(key) != 64:
        raise ValueError(key)
    yield from (UUID(key[:32]), UUID(key[32:]))


@contextmanager
def _patience() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        limit = f"{SEARCH_SECONDS}s"
        cursor.execute("select set_config('statement_timeout', %s, true)", [limit])
        yield
