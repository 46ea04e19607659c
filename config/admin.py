"""Staff's site: its pages by what they are about, and one box that finds whatever has a name."""

from typing import Any, Final
from urllib.parse import urlencode

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator

from accounts.keys import KeyKind
from accounts.models import Customer
from accounts.staff_door import watched
from billing.models import OperatorNotice
from ledger import head_pages

GROUPS: Final = {
    "Customers": ("Customer", "ApiKey"),
    "Adjustments": ("Adjustment", "AdjustmentBatch", "AdjustmentLimit"),
    "Ledger": ("Reservation", "Transfer", "Lot", "Wallet", "Event", "RefusedEvent"),
    "Sales": ("Purchase", "Document", "ProviderEvent", "TopUpSettings", "TopUp"),
    "Plans": ("Plan", "Subscription", "Invoice"),
    "Notices": ("Alert", "ExpiryNotice", "Mail"),
    "Webhooks": ("WebhookEndpoint", "WebhookDelivery"),
    "Books": (
        *(
            "Period",
            "Report",
            "Estimate",
            "UnclaimedProperty",
            "Policy",
            "EscheatClass",
            "OpeningImport",
        ),
        *("ExchangeRate", "AccountName", "BooksCheck"),
    ),
    "Partners": ("Partner", "PartnerTerm", "PartnerPayout"),
    "Margins": ("Margin", "EndpointCost", "MarginTarget"),
    "Operations": ("Job",),
    "Prices": (
        *("Pack", "TaxRate", "Endpoint", "RateCard", "Price", "PriceGroup", "PriceTerms"),
        *("OpenApiFile", "BackTest"),
    ),
    "Audit": ("AuditEntry",),
    "Services": ("Service", "ServiceKey"),
    "People": ("User", "UserSession"),
}
# Where things are whose names begin so.
LISTS: Final = {
    "cus": "accounts_customer",
    "key": "accounts_apikey",
    KeyKind.CUSTOMER: "accounts_apikey",
    KeyKind.SERVICE: "accounts_servicekey",
    "rsv": "ledger_reservation",
    "txn": "ledger_transfer",
    "lot": "ledger_lot",
    "req": "ledger_reservation",
    "pur": "billing_purchase",
    "ref": "billing_purchase",
    "adj": "billing_adjustment",
    "sub": "billing_subscription",
    "inv": "billing_invoice",
}


class Site(admin.AdminSite):
    site_header = site_title = "Drawdown"
    index_title = "Staff"
    # Lists of history have many columns.
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """allauth would show addresses, second factors and sessions, each as rows to be edited."""
        if admin_class is None or not admin_class.__module__.startswith("allauth."):
            super().register(model_or_iterable, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(watched(view), cacheable)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("find", self.admin_view(self.find), name="find"),
            path("heads", self.admin_view(head_pages.page), name="heads"),
            path("heads.csv", self.admin_view(head_pages.download), name="heads-file"),
        ]
        # No page of ours has an address at another site, and Django's way there knows no such ids.
        others = [one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"]
        return [*own, *others]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """With what somebody must look at, for those who may see where it stands."""
        notices = OperatorNotice.objects.filter(ended_at=None).order_by("-began_at")
        may_see = request.user.has_perm("billing.view_job")
        told = {"notices": notices if may_see else notices.none()}
        return super().index(request, told | (extra_context or {}))

    @method_decorator(secure_admin_login)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Staff come in by the same door as all, which counts tries and asks for second factors."""
        return super().login(request, extra_context)

    def find(self, request: HttpRequest) -> HttpResponse:
        """A name that is nothing of the above is a customer's, or else a request's."""
        term = request.GET.get("q", "").strip()
        listed = LISTS.get(term.partition("_")[0]) or _list_of(term)
        return redirect(f"{reverse(f'admin:{listed}_changelist')}?{urlencode({'q': term})}")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        groups = [
            {
                "name": group,
                "app_label": group.lower(),
                "app_url": reverse("admin:index"),
                "has_module_perms": True,
                "models": [models[name] for name in names if name in models],
            }
            for group, names in GROUPS.items()
        ]
        return [group for group in groups if group["models"]]


def _list_of(term: str) -> str:
    called = Q(name__icontains=term) | Q(email__icontains=term) | Q(external_id__icontains=term)
    is_customer = Customer.objects.filter(called).exists()
    return "accounts_customer" if is_customer else "ledger_reservation"
