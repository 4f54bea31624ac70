"""The table of GPU architectures holds together."""

from __future__ import annotations

import re

import pytest

from boltir.errors import BoltError
from boltir.target import TARGETS, Target

ROWS = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


@ROWS
def test_names_are_nvccs(target: Target) -> None:
    assert re.fullmatch(r"sm_\d\d+a?", target.name)
    assert Target.named(target.name) is target
    assert target.virtual_architecture.replace("compute_", "sm_") == target.name


@ROWS
def test_limits_are_those_of_the_programming_guide(target: Target) -> None:
    reserved = target.shared_memory_per_multiprocessor - target.shared_memory_per_block
    assert reserved in (0, 1024)  # from sm_80 on, the system keeps 1 KiB per threadblock
    assert target.shared_memory_per_block >= 48 * 1024
    assert target.max_threads_per_multiprocessor in (1024, 1536, 2048)
    assert target.l2_bytes % (1024 * 1024) == 0


@ROWS
def test_rates_are_in_units_of_one_per_second(target: Target) -> None:
    assert 1e11 < target.memory_bandwidth < 1e13
    assert 1e12 < target.simt_flops < target.tensor_flops < 1e16
    # An f16 matrix product reuses what it reads: computing must be the faster side.
    assert target.tensor_flops / target.memory_bandwidth > 32


@pytest.mark.parametrize(
    ("name", "capability", "async_copy", "bfloat16", "warpgroup"),
    [
        ("sm_75", 75, False, False, False),
        ("sm_80", 80, True, True, False),
        ("sm_86", 86, True, True, False),
        ("sm_89", 89, True, True, False),
        ("sm_90a", 90, True, True, True),
    ],
)
def test_features(name: str, capability: int, async_copy: bool, bfloat16: bool, warpgroup: bool) -> None:
    target = Target.named(name)
    features = (target.capability, target.has_async_copy, target.has_bfloat16, target.has_warpgroup_mma)
    assert features == (capability, async_copy, bfloat16, warpgroup)
    assert target.has_tf32 == bfloat16


@pytest.mark.parametrize("name", ["sm_90", "sm_10", "", "SM_80", "sm_80\n"])
def test_an_unknown_target_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(BoltError, match="sm_75, sm_80, sm_86, sm_89, sm_90a"):
        Target.named(name)
