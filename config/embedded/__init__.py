"""An embedded PostgreSQL: the server of a state folder, up for as long as somebody uses it.

Three lock files say who is there, and the kernel releases them whatever ends a process:

- `users.lock` is held shared by everyone who uses the server;
- `server.lock` is held by the keeper (`keeper.py`), the parent of the server;
- `ready.lock` is held by the keeper while its server takes connections.

Who uses the server and finds no keeper starts one. The keeper waits for the users' lock: once it
gets that, nobody is left, and it stops the server.
"""

from config.embedded.server import Server, ServerFailed, serving

__all__ = ["Server", "ServerFailed", "serving"]
