"""Every setting, from the environment where it differs between installations."""

import sys

import django_stubs_ext
import environ
from django.core.exceptions import ImproperlyConfigured

from config import logs, operators
from config.background.broker import broker
from config.databases import databases, is_embedded
from config.state import BASE_DIR, State

# Django's generic classes take their parameter at run time too, as in ModelAdmin[Customer].
django_stubs_ext.monkeypatch()

env = environ.Env()
STATE = State.current()
EMBEDDED = is_embedded(env)


def _secret(name: str) -> str:
    """Ours to make where the database is ours; else every process must be given the same one."""
    return env(name, default="") or (STATE.secret(name.lower()) if EMBEDDED else env(name))


SECRET_KEY = _secret("SECRET_KEY")
# API keys are kept as HMACs under this: without it a stolen table tells nothing.
KEY_PEPPER = _secret("KEY_PEPPER").encode()

# A proxy in front of us speaks it, and says so.
HTTPS = env.bool("HTTPS", default=False)
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])

APPLICATION_ROLE = "drawdown_app"
DATABASES = databases(env, STATE, APPLICATION_ROLE)
DATABASE_ROUTERS = ["config.routers.OwnerMigrates"]

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "billing.apps.BillingConfig",
    "ledger.apps.LedgerConfig",
    "accounts.apps.AccountsConfig",
    "config.apps.AdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
]

MIDDLEWARE = [
    "config.middleware.RequestId",
    "config.middleware.BodyLimit",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.private_pages.PrivatePages",
    "config.middleware.Common",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.audited_requests.Audited",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.portal.portal",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = [
    # First, for it also says what an auditor may not whoever else would allow it.
    "config.staff_backend.RoleBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/portal/"
ACCOUNT_ADAPTER = "billing.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "add_email": "accounts.plain_forms.AddEmailForm",
    "change_password": "accounts.plain_forms.ChangePasswordForm",
    "set_password": "accounts.plain_forms.SetPasswordForm",
    "reset_password": "accounts.plain_forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.plain_forms.ResetPasswordKeyForm",
    "reauthenticate": "accounts.plain_forms.ConfirmPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
# A new address takes the old one's place once it is verified.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# By address, and by the e-mail that is tried (`key`); what is not named here is as allauth has it.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "invite": "20/h/user",
    "test_alert": "5/h/user",
}
MFA_ADAPTER = "accounts.mfa.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.plain_forms.CodeForm",
    "reauthenticate": "accounts.plain_forms.ConfirmCodeForm",
    "activate_totp": "accounts.plain_forms.ActivateAppForm",
}
# Nobody signs in before an address is confirmed. One that is not yet is a change of it.
MFA_ALLOW_UNVERIFIED_EMAIL = True
# Whether staff see the admin by a second factor only. Where the database is ours, one tries things.
STAFF_MFA = env.bool("STAFF_MFA", default=not EMBEDDED)
MFA_TOTP_ISSUER = "Drawdown"
# How many proxies in front of us each add to X-Forwarded-For: whose address it is that tries.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)

# What was tried how often is counted for all processes together. Room for whoever tries many.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# Without a mail server an installation of its own keeps mails as files, and others print them.
if env("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL"))
elif EMBEDDED:
    EMAIL_BACKEND = "config.mail.Folder"
    EMAIL_FILE_PATH = STATE.path / "mail"
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env("MAIL_FROM", default="Drawdown <noreply@localhost>")
# A mail server that hangs must not hold up whoever waits for a page.
EMAIL_TIMEOUT = 10
# Who is told what somebody must look at, such as books that do not balance: by mail, and by a call
# signed with the secret (Standard Webhooks).
OPERATORS = env.list("OPERATORS", default=[])
OPERATORS_WEBHOOK_URL = env("OPERATORS_WEBHOOK_URL", default="")
OPERATORS_WEBHOOK_SECRET = operators.webhook_secret(env, OPERATORS_WEBHOOK_URL)
# The worker is silent when its canary did not run for so long. Each web process looks every so many
# seconds, and not at all with 0.
WORKER_SILENT_SECONDS = env.float("WORKER_SILENT_SECONDS", default=120.0)
WATCHDOG_SECONDS = env.float("WATCHDOG_SECONDS", default=30.0)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
CSRF_COOKIE_HTTPONLY = True
# Who looks whether we live comes by no proxy.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=HTTPS)
# That browsers come with it built in is for the owner of the whole domain to ask for.
SECURE_HSTS_PRELOAD = env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
STRIPE_CHECKOUT = "https://checkout.stripe.com"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
        # The form that buys leads on to where one pays.
        "form-action": ["'self'", *env.list("CHECKOUT_ORIGINS", default=[STRIPE_CHECKOUT])],
    }
}

# Keys are below what tells the outside of them: it is called within the database transaction with
# the customer, the kind of the event, the key's id and what there is to say.
TELL_OF_KEYS = "ledger.outbox.tell"
# What keys may be limited to, and where the days of a new customer begin.
ENDPOINT_CODES = "ledger.for_accounts.endpoint_codes"
LIMITS_OF_KEYS = "ledger.for_accounts.limits_of_keys"
ENDPOINT_CODES_SOLD_TO = "ledger.for_accounts.endpoint_codes_sold_to"
PROVIDERS_TIME_ZONE = "ledger.for_accounts.time_zone"
# A sandbox is opened with its limits, of which accounts knows nothing.
SANDBOX_OPENED = "ledger.sandboxes.opened"
# A key is told of that is used from so many addresses in an hour, and thrice as many as usual.
KEY_ADDRESSES = env.int("KEY_ADDRESSES", default=20)
# What a sandbox gets when it is refilled, whole credits, and how many calls a second it takes.
SANDBOX_CREDITS = env.int("SANDBOX_CREDITS", default=10_000)
SANDBOX_CALLS_PER_SECOND = env.int("SANDBOX_CALLS_PER_SECOND", default=10)

# What must be true of the books, by the room that says it.
CHECKS = ["ledger.checks.CHECKS", "billing.checks.CHECKS", "billing.plans.checks.CHECKS"]

# With INFO every request has its line, with WARNING those that failed by our fault.
LOG_LEVEL = env("LOG_LEVEL", default="INFO")
LOG_AS_JSON = env.bool("LOG_AS_JSON", default=not sys.stderr.isatty())
LOGGING = logs.settings(as_json=LOG_AS_JSON, level=LOG_LEVEL)

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = "config.formats"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Files are served from where the apps keep them, so that there is nothing to collect.
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where this service is reached, as links that leave it say; the test provider reports to it.
PUBLIC_URL = env("PUBLIC_URL", default="http://localhost:8000")

# Where a customer that ran out of credits can buy more; a refusal for want of them says it.
TOP_UP_URL = env("TOP_UP_URL", default=f"{PUBLIC_URL.rstrip('/')}/portal/buy/")

# The provider's own API, which customers call with their keys: where it is, which endpoint of the
# price list a newcomer tries first, and what is sent to it. Without an address the portal's first
# call asks Drawdown itself for the balance.
PROVIDER_API_URL = env("PROVIDER_API_URL", default="").rstrip("/")
PROVIDER_API_ENDPOINT = env("PROVIDER_API_ENDPOINT", default="")
PROVIDER_API_BODY = env("PROVIDER_API_BODY", default="")

# Payment: `test` and `stripe`; the first takes new checkouts. No money moves at `test`, where
# anybody pays: it is on by itself only where the database is ours, where one tries things.
PAYMENT_PROVIDERS = env.list("PAYMENT_PROVIDERS", default=["test"] if EMBEDDED else [])


def _of_stripe(name: str) -> str:
    """Without its secret anybody could sign reports, so it is not left out where it is used."""
    secret: str = env(name, default="")
    if "stripe" in PAYMENT_PROVIDERS and not secret:
        raise ImproperlyConfigured(f"PAYMENT_PROVIDERS names stripe: set {name} too.")
    return secret


STRIPE_API_BASE = env("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_SECRET_KEY = _of_stripe("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = _of_stripe("STRIPE_WEBHOOK_SECRET")
# Tax by the provider's figure instead of by our table of rates.
TAX_BY_PROVIDER = env.bool("TAX_BY_PROVIDER", default=False)
# For so many days a customer may give unused credits of a purchase back; the terms say it.
REFUND_DAYS = env.int("REFUND_DAYS", default=14)
# Of an endpoint's price, so many per cent are to be left when its calls are paid for.
MARGIN_TARGET_PERCENT = env.float("MARGIN_TARGET_PERCENT", default=70.0)
# Where customers' webhooks may go beside public addresses by HTTPS: for development and tests only.
# With the second, whoever adds an endpoint reaches whatever this machine reaches.
WEBHOOKS_ALLOW_HTTP = env.bool("WEBHOOKS_ALLOW_HTTP", default=False)
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=False)
# As receipts name the seller. Where the database is ours, one tries things.
DEMO_ADDRESS = "1 Example Quay\nDublin 2\nIreland"
SELLER = {
    "name": env("SELLER_NAME", default="Northwind AI"),
    "address": env("SELLER_ADDRESS", default=DEMO_ADDRESS if EMBEDDED else "").replace("\\n", "\n"),
    "tax_id": env("SELLER_TAX_ID", default=""),
}
# As NetSuite calls the subsidiary whose journals are exported.
NETSUITE_SUBSIDIARY = env("NETSUITE_SUBSIDIARY", default=SELLER["name"])
# Font files (TTF or OTF) for names in scripts that DejaVu Sans lacks, such as Chinese.
DOCUMENT_FONTS = env.list("DOCUMENT_FONTS", default=[])

# How long receipts and invoices of a customer that was erased keep its name and address, counted in
# whole calendar years after that of their issue: docs/personal-data.md.
DOCUMENTS_KEPT_YEARS = env.int("DOCUMENTS_KEPT_YEARS", default=10)
# So many days before credits expire their owners are told.
EXPIRY_NOTICE_DAYS = env.list("EXPIRY_NOTICE_DAYS", cast=int, default=[30, 7, 1])

MAX_BODY_BYTES = 2 * 1024 * 1024
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "config.exceptions.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
# It reads serializers for config/openapi, which writes the document itself.
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # It would make a document of its own, of which `config/openapi` serves only the schemas.
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# What is done by itself, by so many threads of the worker. One that takes longer than TASK_SECONDS
# hangs, and the worker ends, to be started again; so does one to which no task comes any more, of
# which beat sends some all the time. RabbitMQ itself gives up after 30 minutes.
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.int("WORKER_THREADS", default=8)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
TASK_SECONDS = env.int("TASK_SECONDS", default=1_500)
WORKER_DEAF_SECONDS = env.int("WORKER_DEAF_SECONDS", default=300)
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT, CELERY_BROKER_TRANSPORT_OPTIONS = broker(
    env("CELERY_BROKER_URL", default=""),
    DATABASES["default"],
    # What a killed worker had begun is done again after a fifth more.
    invisible_seconds=round(TASK_SECONDS * 1.2),
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "drawdown"
# What is not acknowledged before it is done is done again when its process dies.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
# Nobody reads results: what was done is in rows.
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "config.background.beat:Beat"

# Each web process has its own gatherer, which gets better with more requests in one process.
WEB_PROCESSES = env.int("WEB_PROCESSES", default=1)

# Of `manage.py run`: how many calls a second the demo company's customers make, and how far back
# their history reaches when it is made.
DEMO_TRAFFIC = env.float("DEMO_TRAFFIC", default=3.0)
DEMO_HISTORY_DAYS = env.int("DEMO_HISTORY_DAYS", default=90)
