import socket
from collections.abc import Iterator
from threading import Thread

import pytest
import uvicorn
from pytest_django import DjangoDbBlocker

from accounts.models import Customer
from config.protocol import Protocol
from tests.accounts.conftest import committed
from tests.ledger.fastpath.shop import Api, Shop, eventually, funded, prices

__all__ = ["committed"]


@pytest.fixture(autouse=True)
def _committed(committed: None) -> None:
    """The service has connections of its own."""


@pytest.fixture(scope="package")
def shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    """The real service over real HTTP, in a thread, with the real database."""
    with django_db_blocker.unblock(), prices():
        from config.asgi import new_application

        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            new_application(), http=Protocol, loop="uvloop", log_level="warning"
        )
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started)
        shop = Shop(f"http://127.0.0.1:{listener.getsockname()[1]}")
        yield shop
        shop.close()
        server.should_exit = True
        thread.join()


@pytest.fixture
def api(shop: Shop) -> Api:
    return shop.api()


@pytest.fixture
def customer() -> Customer:
    """With 100 credits."""
    return funded()
