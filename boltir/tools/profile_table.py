"""The table that `bolt-run --profile` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boltir.runtime.profile import Measured, Profile
from boltir.target import Target

_BAR = 10  # characters of a bar for the longest row
_EIGHTHS = " ▏▎▍▌▋▊▉"


def print_profile(console: Console, profile: Profile, *, per_launch: bool) -> None:
    """Print where the time of a run goes: per kernel, the longest first, or per launch, in order."""
    target = Target.named(profile.target)
    rows = profile.launches if per_launch else profile.kernels()
    console.print(profile_table(rows, profile.kernel_microseconds, target))
    for line in summary(profile, target):
        console.print(line)


def profile_table(rows: Sequence[Measured], total: float, target: Target) -> Table:
    """One row per kernel or launch, with its share of `total` microseconds and its rates against the target's peak."""
    table = Table("kernel", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for name in ("launches", "µs", "share"):
        table.add_column(name, justify="right")
    table.add_column("")
    for name in ("GB/s", "%", "TFLOP/s", "%"):
        table.add_column(name, justify="right")
    table.add_column("bound")
    table.add_column("graph operations held", overflow="fold")
    longest = max((row.microseconds for row in rows), default=0.0)
    for row in rows:
        table.add_row(
            Text(row.kernel),
            str(row.launches),
            f"{row.microseconds:.1f}",
            _percent(row.microseconds, total),
            _bar(row.microseconds, longest),
            f"{row.bandwidth / 1e9:.0f}",
            _percent(row.bandwidth, target.memory_bandwidth),
            f"{row.flop_rate / 1e12:.1f}" if row.flops else "",
            _percent(row.flop_rate, target.tensor_flops) if row.flops else "",
            row.bound(target),
            Text(", ".join(name.removeprefix("graph.") for name in row.origin)),
        )
    return table


def summary(profile: Profile, target: Target) -> Iterator[str]:
    """What the table adds up to, and what its percentages are of."""
    kernels, run, between = profile.kernel_microseconds, profile.run_microseconds, profile.overhead_microseconds
    overhead = f"{between:.1f} µs between kernels" if between >= 0 else f"{-between:.1f} µs of kernels overlap"
    yield f"{len(profile.launches)} launches take {kernels:.1f} µs, a run as a CUDA graph {run:.1f} µs: {overhead}"
    memory, compute = target.memory_bandwidth / 1e9, target.tensor_flops / 1e12
    yield f"% of {target.example} ({target.name}): {memory:.0f} GB/s, {compute:.0f} TFLOP/s of its f16 tensor cores"


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}%" if whole > 0 else ""


def _bar(value: float, longest: float) -> str:
    eighths = round(8 * _BAR * value / longest) if longest > 0 else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
