from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from accounts import views as accounts
from config import health, metrics, start, views
from config.openapi import views as openapi

urlpatterns = [
    path("", start.start),
    path("billing/top-up", RedirectView.as_view(url="/portal/buy/")),
    path("favicon.ico", RedirectView.as_view(url=static("mark.svg"))),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("v1/openapi.json", openapi.document, name="openapi"),
    path("docs/", openapi.docs),
    path("v1/", include("accounts.urls")),
    path("v1/", include("ledger.urls")),
    path("", include("billing.urls")),
    path("problems/", views.problems, name="problems"),
    path("problems/<slug:code>", views.problem, name="problem"),
    path("admin/", admin.site.urls),
    path("accounts/signup/", accounts.SignUp.as_view(), name="account_signup"),
    path("accounts/email/", accounts.Email.as_view(), name="account_email"),
    path("accounts/2fa/totp/activate/", accounts.ActivateApp.as_view(), name="mfa_activate_totp"),
    path("accounts/", include("allauth.urls")),
    path("portal/", include("billing.portal.urls")),
    path("portal/", include("accounts.portal_urls")),
    path("terms/", accounts.terms, name="terms"),
]

handler400 = "config.views.bad_request"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
