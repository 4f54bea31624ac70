"""The arithmetic of profiles."""

import pytest

from boltir.runtime.library import KernelLaunch
from boltir.runtime.profile import profile_of
from boltir.target import Target

A100 = Target.named("sm_80")


def test_rates_are_per_second_and_sums_are_over_launches() -> None:
    launches = [KernelLaunch("gemm_0", "gemm", ("a", "b"), 1000, 4000), KernelLaunch("gemm_0", "gemm", ("a",), 500, 0)]
    profile = profile_of("sm_80", launches, [2.0, 1.0], run_microseconds=3.5)
    (kernel,) = profile.kernels()
    assert (kernel.launches, kernel.bytes, kernel.flops, kernel.microseconds) == (2, 1500, 4000, 3.0)
    assert kernel.origin == ("a", "b")
    assert kernel.bandwidth == pytest.approx(500e6)
    assert kernel.flop_rate == pytest.approx(4000 / 3 * 1e6)
    assert (profile.kernel_microseconds, profile.overhead_microseconds) == (3.0, 0.5)


@pytest.mark.parametrize(("flops", "bound"), [(0, "memory"), (153_000, "memory"), (154_000, "compute")])
def test_the_bound_is_the_longer_of_the_two_at_peak(flops: int, bound: str) -> None:
    """The A100 balances at 312e12 / 2039e9 = 153.02 operations per byte."""
    profile = profile_of("sm_80", [KernelLaunch("k", "gemm", (), 1000, flops)], [1.0], 1.0)
    assert profile.launches[0].bound(A100) == bound


def test_no_time_is_no_rate() -> None:
    profile = profile_of("sm_80", [KernelLaunch("k", "gemm", (), 1000, 1000)], [0.0], 0.0)
    assert (profile.launches[0].bandwidth, profile.launches[0].flop_rate) == (0.0, 0.0)


def test_data_is_plain() -> None:
    data = profile_of("sm_80", [KernelLaunch("k", "gemm", ("a",), 2, 3)], [1.5], 2.5).data()
    launch = {
        "kernel": "k", "family": "gemm", "origin": ("a",), "launches": 1, "bytes": 2, "flops": 3, "microseconds": 1.5,
    }  # fmt: skip
    assert data == {"target": "sm_80", "run_microseconds": 2.5, "kernel_microseconds": 1.5, "launches": [launch]}
