"""Which target the GPU at hand is."""

import importlib
from typing import Any


def gpu_target() -> str:
    """The target of the current GPU, as `sm_90a`."""
    torch: Any = importlib.import_module("torch")
    major, minor = torch.cuda.get_device_capability()
    return "sm_90a" if major == 9 else f"sm_{major}{minor}"
