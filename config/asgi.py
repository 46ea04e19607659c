import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_asgi_application()

# Its modules need Django to be set up.
from django.conf import settings  # noqa: E402

from config import fastpath  # noqa: E402
from config.bodies import MeasuredBodies  # noqa: E402

application = fastpath.before(MeasuredBodies(django, limit=settings.MAX_BODY_BYTES))
