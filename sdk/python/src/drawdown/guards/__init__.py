"""A hold around each request of a web application: ASGI, WSGI, Django and FastAPI."""
