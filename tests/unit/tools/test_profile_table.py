"""The table of a profile: rows, rates against the target's peak, and what it adds up to."""

from io import StringIO

from rich.console import Console

from boltir.runtime.library import KernelLaunch
from boltir.runtime.profile import Profile, profile_of
from boltir.tools.profile_table import print_profile

LAUNCHES = (
    KernelLaunch("gemm_sm90_0", "gemm_sm90", ("graph.gemm", "graph.bias_add"), 100_000_000, 40_000_000_000),
    KernelLaunch("softmax_1", "softmax", ("graph.softmax",), 33_500_000, 0),
    KernelLaunch("gemm_sm90_0", "gemm_sm90", ("graph.gemm", "graph.relu"), 10_000_000, 40_000_000_000),
)


def printed(profile: Profile, *, per_launch: bool) -> list[str]:
    stream = StringIO()
    print_profile(Console(file=stream, width=120, highlight=False), profile, per_launch=per_launch)
    return [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]


KERNELS = """
 kernel       launches     µs  share              GB/s    %  TFLOP/s    %  bound    graph operations held
 ────────────────────────────────────────────────────────────────────────────────────────────────────────
 gemm_sm90_0         2  180.0    90%  ██████████   611  18%    444.4  45%  compute  gemm, bias_add, relu
 softmax_1           1   20.0    10%  █▏          1675  50%                memory   softmax
3 launches take 200.0 µs, a run as a CUDA graph 203.5 µs: 3.5 µs between kernels
% of H100 SXM (sm_90a): 3350 GB/s, 989 TFLOP/s of its f16 tensor cores
"""

PER_LAUNCH = """
 kernel       launches     µs  share              GB/s    %  TFLOP/s    %  bound    graph operations held
 ────────────────────────────────────────────────────────────────────────────────────────────────────────
 gemm_sm90_0         1  100.0    50%  ██████████  1000  30%    400.0  40%  compute  gemm, bias_add
 softmax_1           1   20.0    10%  ██          1675  50%                memory   softmax
 gemm_sm90_0         1   80.0    40%  ████████     125   4%    500.0  51%  compute  gemm, relu
3 launches take 200.0 µs, a run as a CUDA graph 150.0 µs: 50.0 µs of kernels overlap
% of H100 SXM (sm_90a): 3350 GB/s, 989 TFLOP/s of its f16 tensor cores
"""


def test_launches_of_a_kernel_are_added_up_and_the_longest_comes_first() -> None:
    profile = profile_of("sm_90a", LAUNCHES, [100, 20, 80], 203.5)
    assert printed(profile, per_launch=False) == KERNELS.strip("\n").splitlines()


def test_launches_come_in_order_and_may_overlap() -> None:
    profile = profile_of("sm_90a", LAUNCHES, [100, 20, 80], 150.0)
    assert printed(profile, per_launch=True) == PER_LAUNCH.strip("\n").splitlines()


def test_a_network_without_launches() -> None:
    assert printed(profile_of("sm_80", [], [], 1.0), per_launch=False)[-2].startswith("0 launches take 0.0 µs")


def test_names_are_no_markup() -> None:
    launch = KernelLaunch("gemm_0", "gemm", ("[bold]loud[/bold]",), 1, 0)
    assert "[bold]loud[/bold]" in printed(profile_of("sm_80", [launch], [1.0], 1.0), per_launch=False)[2]
