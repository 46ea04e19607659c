import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_asgi_application()

# Its modules need Django to be set up.
from django.conf import settings  # noqa: E402

from config import fastpath  # noqa: E402
from config.bodies import MeasuredBodies  # noqa: E402
from config.watchdog import Watching  # noqa: E402
from ledger.fastpath.app import FastPath  # noqa: E402


def new_application() -> FastPath:
    """For one server: it opens its connections when that starts and closes them when it stops."""
    return fastpath.before(MeasuredBodies(django, limit=settings.MAX_BODY_BYTES))


application = Watching(new_application())
