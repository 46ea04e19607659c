"""Lists of history: filtered, summed, as files. They go by the place that a page ends at, and count
nothing: there may be millions of rows, of which each page looks at some thousands."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Final, NamedTuple

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from accounts import csv_files
from ledger.admin import asked as asking
from ledger.admin import shown, totals
from ledger.admin.asked import Asked
from ledger.admin.windows import WindowAdmin
from ledger.models import Endpoint
from ledger.windows import pieces, places, sums
from ledger.windows.sums import Sums, Window

SHOWN: Final = 50
ENDPOINTS_MAX: Final = 500
# Of a part of the sums that is asked for by itself.
SUMS_SECONDS: Final = 0.15
_SALT: Final = "ledger.sums"
NO_SUMS: Final = "These sums were not begun here, or for other filters: begin anew."


class Field(NamedTuple):
    """A filter: a day, one of some choices, or a text with or without suggestions."""

    name: str
    label: str
    choices: Sequence[str] = ()
    suggested: Sequence[str] = ()
    kind: str = "text"


DAYS: Final = (Field("from", "From", kind="date"), Field("to", "To", kind="date"))
CUSTOMER: Final = Field("customer", "Customer")
ENDPOINT: Final = Field("endpoint", "Endpoint", suggested=("endpoints",))
KEY: Final = Field("key", "Key")


class Cell(NamedTuple):
    name: str
    content: Any


class HistoryAdmin(WindowAdmin):
    """`filters` beside the search for an id; `file` has the columns of a line of the CSV."""

    window: ClassVar[Window]
    filters: ClassVar[Sequence[Field]] = (*DAYS, CUSTOMER)
    sum_titles: ClassVar[Sequence[str]] = ()
    file: ClassVar[Sequence[tuple[str, Callable[[Any], str]]]]
    search_help_text = "cus_…, rsv_…, txn_…, lot_…, key_…; a customer's name, e-mail or external id"

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"ledger_{self.opts.model_name}"
        return [
            path("rows.csv", view(self.csv), name=f"{name}_csv"),
            path("totals", view(self.totals), name=f"{name}_totals"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = self._asked(request)
        page = pieces.Page([])
        if asked.is_all:
            page = pieces.page(self.window.source(asked.filters), asked.below, SHOWN)
        context = self._listed(asked, page) | (extra_context or {})
        if request.headers.get("HX-Request"):
            return render(request, "ledger/admin/_history_rows.html", context)
        context |= self._framed(request, asked)
        if asked.is_all and asked.below is None:
            found = sums.add(self.window, asked.filters, None, pieces.SUMS_SECONDS)
            context["totals"] = self._totals(asked, found)
        return render(request, "ledger/admin/history.html", context)

    def totals(self, request: HttpRequest) -> HttpResponse:
        """A part more of the sums than were told so far."""
        asked = self._asked(request)
        context: dict[str, Any] = {}
        if asked.is_all:
            try:
                so_far = _so_far(request.GET.get("so_far", ""), asked)
            except signing.BadSignature:
                asked.errors.append(NO_SUMS)
            else:
                found = sums.add(self.window, asked.filters, so_far, SUMS_SECONDS)
                context["totals"] = self._totals(asked, found, goes_on=True)
        if request.headers.get("HX-Request"):
            return render(request, "ledger/admin/_totals.html", context | {"asked": asked})
        context |= self._listed(asked, pieces.Page([])) | self._framed(request, asked)
        return render(request, "ledger/admin/history_totals.html", context)

    def csv(self, request: HttpRequest) -> HttpResponseBase:
        """All that is asked for, as it is taken."""
        asked = self._asked(request)
        if not asked.is_all:
            told = asked.errors or ["Of which customer? Several are called so."]
            return HttpResponse("\n".join(told), "text/plain; charset=utf-8", status=400)
        header = [name for name, _ in self.file]
        return csv_files.download(f"{self._slug()}.csv", header, self._lines(asked))

    def _lines(self, asked: Asked) -> Iterator[Sequence[str]]:
        for some in pieces.every(self.window.source(asked.filters)):
            self.prepare(some)
            for row in some:
                yield [write(row) for _, write in self.file]

    def prepare(self, rows: list[Any]) -> None:
        """Reads at once what each of them needs."""
        prefetch_related_objects(rows, "customer")

    def _asked(self, request: HttpRequest) -> Asked:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return asking.asked(request.GET, ["q", *(field.name for field in self.filters)])

    def _slug(self) -> str:
        return str(self.opts.verbose_name_plural).replace(" ", "-")

    def _listed(self, asked: Asked, page: pieces.Page) -> dict[str, Any]:
        self.prepare(page.rows)
        return {
            "asked": asked,
            "page": page,
            "rows": page.rows,
            "lines": [self._cells(row) for row in page.rows],
            "columns": [(name, label_for_field(name, self.model, self)) for name in self._names()],
            "here": self._page("changelist"),
        }

    def _framed(self, request: HttpRequest, asked: Asked) -> dict[str, Any]:
        codes = Endpoint.objects.order_by("code").values_list("code", flat=True)
        fields = [(field, asked.said.get(field.name, "")) for field in self.filters]
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": capfirst(str(self.opts.verbose_name_plural)),
            "help": self.search_help_text,
            "fields": fields,
            "endpoints": codes[:ENDPOINTS_MAX] if ENDPOINT in self.filters else [],
            "choices": [(asked.of(one), one) for one in asked.several],
            "file": self._page("csv"),
        }

    def _names(self) -> list[str]:
        return [str(name) for name in self.list_display]

    def _cells(self, row: Any) -> list[Cell]:
        names = self._names()
        cells = [Cell(name, self._cell(name, row)) for name in names]
        to = shown.row_page(str(self.opts.model_name), row.customer_id, row.pk)
        return [cells[0]._replace(content=shown.link(to, cells[0].content)), *cells[1:]]

    def _cell(self, name: str, row: Any) -> Any:
        _, _, value = lookup_field(name, row, self)
        return "-" if value in (None, "") else value

    def _totals(self, asked: Asked, found: Sums, *, goes_on: bool = False) -> dict[str, Any]:
        told = totals.told(self.window, found, self.sum_titles)
        more = _token(found, asked) if found.below else ""
        return told | {"more": more, "goes_on": goes_on, "page": self._page("totals")}

    def _page(self, name: str) -> str:
        return reverse(f"admin:ledger_{self.opts.model_name}_{name}")


def _token(found: Sums, asked: Asked) -> str:
    """What was added up so far, for the next part: signed, and for the same filters only."""
    groups = [[list(group), amounts] for group, amounts in found.groups.items()]
    return signing.dumps([asked.query, str(found.below), groups], salt=_SALT, compress=True)


def _so_far(token: str, asked: Asked) -> Sums | None:
    """Raises BadSignature."""
    if not token:
        return None
    query, below, groups = signing.loads(token, salt=_SALT)
    if query != asked.query:
        raise signing.BadSignature(query)
    known = {tuple(group): list(amounts) for group, amounts in groups}
    return Sums(known, places.read(below))
