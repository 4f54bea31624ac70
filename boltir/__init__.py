"""boltir: a multi-level IR compiler that brings networks to CUDA built on CUTLASS templates.

The public names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boltir.compiler import Network, compile, import_onnx, lower
    from boltir.errors import BoltError, UnsupportedError
    from boltir.runtime.model import Model, load
    from boltir.target import Target

__version__ = "0.1.0"

__all__ = ["BoltError", "Model", "Network", "Target", "UnsupportedError", "compile", "import_onnx", "load", "lower"]

_HOMES = {
    "BoltError": "boltir.errors",
    "Model": "boltir.runtime.model",
    "Network": "boltir.compiler",
    "Target": "boltir.target",
    "UnsupportedError": "boltir.errors",
    "compile": "boltir.compiler",
    "import_onnx": "boltir.compiler",
    "load": "boltir.runtime.model",
    "lower": "boltir.compiler",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'boltir' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
