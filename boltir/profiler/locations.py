"""Where the tuning database is by default."""

from __future__ import annotations

import os
from pathlib import Path

from boltir.errors import BoltError

DATABASE_VARIABLE = "BOLTIR_TUNING_DB"


def default_database() -> Path:
    """The user's database: BOLTIR_TUNING_DB, else one in the platform's folder for data; it need not exist."""
    chosen = os.environ.get(DATABASE_VARIABLE)
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_dir

    return Path(user_data_dir("boltir")) / "tuning.db"


def with_folder(path: Path) -> Path:
    """The same path, whose folder is made if it is missing.

    Raises:
        BoltError: it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = f"set {DATABASE_VARIABLE} to a file that can be written"
        raise BoltError(f"cannot create the folder: {error.strerror}", where=str(path.parent), hint=hint) from None
    return path
