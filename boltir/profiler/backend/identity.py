"""What a GPU is, asked of the driver's management library: that takes milliseconds, a CUDA context seconds."""

from __future__ import annotations

import ctypes
import os

from boltir.profiler.measure import DeviceFacts

LIBRARY = "libnvidia-ml.so.1"
_NAME_BYTES = 96  # NVML_DEVICE_NAME_V2_BUFFER_SIZE


def identify(device: int) -> DeviceFacts | None:
    """What GPU `device`, as CUDA counts, is; None if that cannot be told without CUDA.

    The library counts GPUs in another order than CUDA, which may also hide some or see parts of one. So it is believed
    only where all GPUs are alike, whole and visible.
    """
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return None
    try:
        library = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    if library.nvmlInit_v2() != 0:
        return None
    try:
        gpus = _all_gpus(library)
    finally:
        library.nvmlShutdown()
    alike = len(set(gpus)) == 1
    return gpus[0] if alike and device < len(gpus) else None


def _all_gpus(library: ctypes.CDLL) -> list[DeviceFacts | None]:
    count = ctypes.c_uint()
    if library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
        return []
    return [_facts(library, index) for index in range(count.value)]


def _facts(library: ctypes.CDLL, index: int) -> DeviceFacts | None:
    """None for a GPU that is divided into instances, or that does not answer."""
    handle = ctypes.c_void_p()
    name = ctypes.create_string_buffer(_NAME_BYTES)
    major, minor, divided, pending = ctypes.c_int(), ctypes.c_int(), ctypes.c_uint(), ctypes.c_uint()
    statuses = (
        library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)),
        library.nvmlDeviceGetName(handle, name, ctypes.c_uint(_NAME_BYTES)),
        library.nvmlDeviceGetCudaComputeCapability(handle, ctypes.byref(major), ctypes.byref(minor)),
    )
    # GPUs that cannot be divided answer with a status of their own, and leave the mode 0.
    library.nvmlDeviceGetMigMode(handle, ctypes.byref(divided), ctypes.byref(pending))
    if any(statuses) or divided.value:
        return None
    return DeviceFacts(name.value.decode(errors="replace"), 10 * major.value + minor.value)
