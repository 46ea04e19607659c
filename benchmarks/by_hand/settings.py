"""A Django of its own, in a database of its own on the same server."""

from benchmarks.by_hand import database
from config.embedded import cluster
from config.embedded.place import Place
from config.state import State

SECRET_KEY = "only for the benchmark"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.by_hand.urls"
INSTALLED_APPS = ["rest_framework", "benchmarks.by_hand"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database.NAME,
        "USER": cluster.OWNER,
        "HOST": str(Place.of(State.current()).sockets),
        # Without a pool every request would pay for a connection, which few would leave so.
        "OPTIONS": {"pool": {"min_size": 4, "max_size": 16, "timeout": 60}},
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["benchmarks.by_hand.authentication.ServiceAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
