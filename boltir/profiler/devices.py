"""Which GPU to tune for and on."""

from __future__ import annotations

from collections.abc import Sequence

from boltir.errors import BoltError
from boltir.profiler.database import Database
from boltir.profiler.measure import Backend, DeviceFacts
from boltir.runtime.device import Device
from boltir.target import TARGETS, Target


def common_device(backends: Sequence[Backend]) -> DeviceFacts:
    """What all the devices are.

    Raises:
        BoltError: one cannot be used, or they are of several kinds, whose times cannot be compared.
    """
    facts = [backend.facts() for backend in backends]
    others = [other.name for other in facts if other != facts[0]]
    if others:
        hint = "tune each kind on its own, into one database"
        raise BoltError(f"the GPUs are of several kinds: {facts[0].name}, {others[0]}", hint=hint)
    return facts[0]


def native_target(facts: DeviceFacts) -> Target:
    """The architecture to compile for on that device.

    Raises:
        BoltError: boltir compiles for none that runs there.
    """
    fitting = [target for target in TARGETS.values() if runs_on(target, facts)]
    if not fitting:
        hint = f"boltir compiles for {', '.join(TARGETS)}"
        raise BoltError(f"no target runs on compute capability {facts.capability / 10}", where=facts.name, hint=hint)
    return max(fitting, key=lambda target: target.capability)


def runs_on(target: Target, facts: DeviceFacts) -> bool:
    """Whether code for `target` runs on that device: that capability or, unless it is specific, a later minor one."""
    if target.is_specific:
        return target.capability == facts.capability
    return target.capability // 10 == facts.capability // 10 and target.capability <= facts.capability


def tuned_device(database: Database, target: Target) -> str:
    """The device that the database knows `target` on: the only one, or the GPU at hand.

    Raises:
        BoltError: there is none, or several and none of them is at hand.
    """
    devices = database.devices(target.name)
    if not devices:
        hint = "bolt-tune measures them"
        raise BoltError(f"no kernels for {target.name} were measured", where=str(database.path), hint=hint)
    if len(devices) == 1:
        return devices[0]
    try:
        here = Device.open(0).name
    except BoltError as error:
        reason = f"was measured on {', '.join(devices)}, and there is no telling for which to compile: {error}"
        raise BoltError(reason, where=str(database.path)) from None
    if here not in devices:
        raise BoltError(f"was measured on {', '.join(devices)}, not on {here}", where=str(database.path))
    return here
