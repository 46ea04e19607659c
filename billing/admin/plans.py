"""Plans: drafts are written and published, and what is published stays; who is on which; and the
invoices that came of it."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from moneyed import get_currency

from accounts import ids
from accounts.admin import KeptAdmin, ModelForm
from accounts.errors import InvalidId
from accounts.models import Customer, User
from billing.adjustments import yardsticks
from billing.admin import shown as billing_shown
from billing.admin.windows import BillingWindow
from billing.errors import BillingError
from billing.models import Invoice, InvoiceCharge, PaymentMethod, Plan, PlanState, Subscription
from billing.models.packs import CURRENCIES
from billing.models.plans import INVOICE, SUBSCRIPTION
from billing.plans import catalogue, checking, subscribing
from billing.plans.errors import PlanRefused, PlanUnavailable
from ledger import money
from ledger.admin import shown
from ledger.admin.rate_cards import CreditsField
from ledger.errors import LedgerError

CREDITS: Final = (
    *("included_credits", "rollover_credits", "connection_credits", "credit_limit"),
    *("top_up_threshold", "top_up_target"),
)
MONEY: Final = ("fee", "connection_fee", "minimum_spend", "top_up_cap")
_LABELS: Final = {
    "fee": "monthly fee, net of tax",
    "connection_fee": "for each connected application a month, net of tax",
    "connection_credits": "credits for each connected application a month",
    "connections_included": "connected applications that are included",
    "included_credits": "credits a month",
    "rollover_credits": "of what is left, roll over at most",
    "credit_limit": "credits that may be used beyond",
    "overage_price": "price of a credit beyond, net of tax",
    "minimum_spend": "minimum spend a month, net of tax",
    "late_commits": "commits after a hold has expired take what is left",
    "owes_reported": "reported usage that credits do not cover is owed",
    "term_months": "agreed to for so many months",
    "lasts_days": "lasts so many days",
    "retry_days": "days to each retry",
    "on_failure": "when nobody pays",
    "fallback": "plan that takes its place",
}


class MinorField(forms.DecimalField):
    """Money as it is written; the form knows its currency, and with it the decimal places."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_digits=14, decimal_places=3, initial=0, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class PlanForm(ModelForm):
    currency = forms.ChoiceField(choices=[(code, code) for code in CURRENCIES])

    class Meta:
        model = Plan
        fields = "__all__"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in MONEY:
            if name in self.fields and not self.instance._state.adding:
                amount = getattr(self.instance, name)
                self.initial[name] = money.show(amount, self.instance.currency)["amount"]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        unit = get_currency(said["currency"]).sub_unit if "currency" in said else None
        for name in MONEY:
            if unit is not None and name in said:
                minor = (said[name] or Decimal(0)) * unit
                if minor != int(minor):
                    self.add_error(name, f"{said['currency']} has no fractions of this size.")
                said[name] = int(minor)
        for name in CREDITS:
            said[name] = said.get(name) or 0
        if not self.errors:
            self._check_plan()
        return said

    def _check_plan(self) -> None:
        """Before the database's own constraints, which say less of what to do."""
        forms.models.construct_instance(self, self.instance)
        try:
            checking.check(self.instance)
        except PlanRefused as refusal:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.detail)


@admin.register(Plan)
class PlanAdmin(KeptAdmin):
    """A version is edited until it is published; customers stay on theirs until they are moved."""

    form = PlanForm
    list_display = ["name", "code", "version", "state", "costs", "holds", "overage", "number"]
    list_filter = ["state", "overage"]
    search_fields = ["name", "code"]
    ordering = ["code", "-version"]
    actions = ["publish", "retire", "new_version"]
    fieldsets = [
        (None, {"fields": ["name", "code", "description", "is_public", "currency", "fee"]}),
        ("Credits", {"fields": ["included_credits", "rollover_credits"]}),
        (
            "Connected applications",
            {"fields": ["connection_fee", "connection_credits", "connections_included"]},
        ),
        (
            "Beyond",
            {
                "fields": [
                    *("overage", "credit_limit", "overage_price"),
                    *("top_up_pack", "top_up_threshold", "top_up_target", "top_up_cap"),
                ]
            },
        ),
        (
            "Time",
            {"fields": ["minimum_spend", "term_months", "lasts_days", "followed_by"]},
        ),
        ("When nobody pays", {"fields": ["retry_days", "on_failure", "fallback"]}),
        ("Calls", {"fields": ["price_group", "late_commits", "owes_reported", "limits"]}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        is_draft = obj is None or obj.state == PlanState.DRAFT
        return is_draft and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> list[str]:
        return ["code"] if obj else []

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        name = db_field.name
        label = _LABELS.get(name, name.replace("_", " ")).capitalize()
        if name in CREDITS:
            return CreditsField(label=label, initial=0, required=False)
        if name in MONEY:
            return MinorField(label=label, required=False)
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            field.label = label
            if name == "overage_price":
                field.required = False
        return field

    def save_model(self, request: HttpRequest, obj: Plan, form: ModelForm, change: bool) -> None:
        catalogue.save(obj)

    @admin.display(description="fee")
    def costs(self, plan: Plan) -> SafeString:
        return billing_shown.money(plan.fee, plan.currency)

    @admin.display(description="credits")
    def holds(self, plan: Plan) -> SafeString:
        return shown.credits(plan.included_credits)

    @admin.display(description="subscriptions")
    def number(self, plan: Plan) -> str:
        return str(plan.subscriptions.filter(ended_at=None).count())

    @admin.action(description="Publish: in place of the version before", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        self._each(request, queryset, catalogue.publish, "is on offer")

    @admin.action(description="Retire: nobody comes to it any more", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[Plan]) -> None:
        self._each(request, queryset, catalogue.retire, "is retired")

    @admin.action(description="Make a new version", permissions=["add"])
    def new_version(self, request: HttpRequest, queryset: QuerySet[Plan]) -> HttpResponse:
        drafts = [catalogue.new_version(plan) for plan in queryset]
        return redirect(billing_shown.page(drafts[-1]))

    def _each(self, request: HttpRequest, plans: QuerySet[Plan], act: Any, done: str) -> None:
        for plan in plans:
            try:
                act(plan)
            except BillingError as refusal:
                self.message_user(request, f"{plan}: {refusal.detail}", messages.ERROR)
            else:
                self.message_user(request, f"{plan} {done}.", messages.SUCCESS)


class PlanChoice(forms.Form):
    """Whom, to which plan, and when."""

    plan = forms.ModelChoiceField(
        Plan.objects.filter(state=PlanState.PUBLISHED).order_by("code"), empty_label=None
    )


class StartForm(PlanChoice):
    customer = forms.CharField(help_text="Its id: cus_…")

    def clean_customer(self) -> Customer:
        try:
            found = Customer.objects.filter(
                id=ids.decode(ids.CUSTOMER, self.cleaned_data["customer"])
            ).first()
        except InvalidId:
            found = None
        if found is None:
            raise ValidationError("There is no such customer.")
        return found


def _require_another(request: HttpRequest, plan: Plan) -> None:
    """Raises PlanUnavailable."""
    assert isinstance(request.user, User)
    if why := yardsticks.why_not_start(plan, request.user):
        raise PlanUnavailable(why)


class MoveForm(PlanChoice):
    at_once = forms.BooleanField(
        required=False, help_text="Else with the next period. At once, the difference is invoiced."
    )


@admin.register(Subscription)
class SubscriptionAdmin(BillingWindow):
    change_list_template = "billing/admin/subscriptions.html"
    change_form_template = "billing/admin/subscription.html"
    list_display = ["of", "plan", "state", "period", "ends", "next_plan", "unpaid"]
    list_filter = ["state"]
    list_select_related = ["customer", "plan", "next_plan"]
    ordering = ["-started_at"]
    id_columns = {**BillingWindow.id_columns, SUBSCRIPTION: "id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, sub_…"
    fields = [
        *("name", "of", "plan", "next_plan", "state", "card", "period", "period_start"),
        *("period_end", "committed_until", "plan_until", "cancelled_at", "ends_at", "ended_at"),
        *("applied", "stuck", "unpaid", "started_by", "started_at"),
    ]

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "start", self.admin_site.admin_view(self.start), name="billing_subscription_start"
            ),
            path(
                "<uuid:id>/move",
                self.admin_site.admin_view(self.move),
                name="billing_subscription_move",
            ),
            *super().get_urls(),
        ]

    def start(self, request: HttpRequest) -> HttpResponse:
        """For a customer that does not do it by itself."""
        self._require_right(request)
        form = StartForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            customer, plan = form.cleaned_data["customer"], form.cleaned_data["plan"]
            cards = PaymentMethod.objects.filter(customer=customer, removed_at=None)
            try:
                _require_another(request, plan)
                made = subscribing.start(customer, plan, card=cards.order_by("-created_at").first())
            except (BillingError, LedgerError) as refusal:
                form.add_error(None, refusal.detail)
            else:
                self.log_addition(request, made, f"Started {plan}.")
                messages.success(request, f"{customer} is on {plan}.")
                return redirect(billing_shown.page(made))
        return self._asked(request, form, "Start a subscription", self._list())

    def move(self, request: HttpRequest, id: Any) -> HttpResponse:
        self._require_right(request)
        subscription = Subscription.objects.filter(id=id).select_related("customer").first()
        if subscription is None:
            raise Http404
        page, form = billing_shown.page(subscription), MoveForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            plan, at_once = form.cleaned_data["plan"], form.cleaned_data["at_once"]
            try:
                _require_another(request, plan)
                subscribing.change(subscription, plan, at_once=at_once, by_staff=True)
            except (BillingError, LedgerError) as refusal:
                form.add_error(None, refusal.detail)
            else:
                when = "now" if at_once else "from the next period on"
                messages.success(request, f"{subscription.customer} is on {plan} {when}.")
                return redirect(page)
        return self._asked(request, form, f"Move {subscription.customer}", page)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Subscription | None = None,
    ) -> HttpResponse:
        is_active = obj is not None and obj.is_active
        context["may_move"] = is_active and self._has_right(request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_start": self._has_right(request)} | (extra_context or {})
        return super().changelist_view(request, context)

    def _asked(self, request: HttpRequest, form: forms.Form, title: str, page: str) -> HttpResponse:
        context = {"title": title, "form": form, "page": page}
        shared = self.admin_site.each_context(request)
        return render(request, "billing/admin/subscription_form.html", shared | context)

    def _list(self) -> str:
        return reverse("admin:billing_subscription_changelist")

    def _has_right(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_subscription")

    def _require_right(self, request: HttpRequest) -> None:
        if not self._has_right(request):
            raise PermissionDenied

    @admin.display(description="customer")
    def of(self, subscription: Subscription) -> SafeString:
        return shown.customer(subscription.customer)

    @admin.display(description="period ends")
    def ends(self, subscription: Subscription) -> str:
        return shown.instant(subscription.period_end)

    @admin.display(description="not paid")
    def unpaid(self, subscription: Subscription) -> str:
        open_ = subscription.invoices.exclude(state="paid")
        told = [billing_shown.in_words(one.total, one.currency) for one in open_]
        return ", ".join(told) or "-"


@admin.register(Invoice)
class InvoiceAdmin(BillingWindow):
    list_display = ["number", "of", "kind", "value", "state", "failures", "issued"]
    list_filter = ["state", "kind"]
    list_select_related = ["customer", "document"]
    id_columns = {**BillingWindow.id_columns, INVOICE: "id", SUBSCRIPTION: "subscription_id"}
    search_help_text = "A customer's name, e-mail or external id; cus_…, sub_…, inv_…"
    fields = [
        *("number", "name", "of", "subscription", "kind", "period", "value", "parts"),
        *("state", "reason", "failures", "due_at", "issued_at", "paid_at"),
        *("provider", "provider_ref", "attempts"),
    ]

    @admin.display(description="invoice")
    def number(self, invoice: Invoice) -> SafeString:
        return billing_shown.document(invoice.document)

    @admin.display(description="customer")
    def of(self, invoice: Invoice) -> SafeString:
        return shown.customer(invoice.customer)

    @admin.display(description="total")
    def value(self, invoice: Invoice) -> SafeString:
        return billing_shown.money(invoice.total, invoice.currency)

    @admin.display(description="of which")
    def parts(self, invoice: Invoice) -> str:
        parts = {
            "fee": invoice.fee,
            "arrears": invoice.arrears,
            "overage": invoice.overage,
            "tax": invoice.tax,
        }
        told = [
            f"{name} {billing_shown.in_words(amount, invoice.currency)}"
            for name, amount in parts.items()
            if amount
        ]
        return ", ".join(told)

    @admin.display(description="charges")
    def attempts(self, invoice: Invoice) -> str:
        told = [_attempt(one) for one in invoice.charges.select_related("card").order_by("id")]
        return "; ".join(told) or "-"

    @admin.display(description="issued")
    def issued(self, invoice: Invoice) -> str:
        return shown.instant(invoice.issued_at)


def _attempt(charge: InvoiceCharge) -> str:
    how = charge.card or "page"
    return f"{shown.instant(charge.created_at)}: {how}, {charge.state} {charge.reason}".strip()
