"""Measured times of products and convolutions by many kernels each: what the cost model is fitted to and judged by.

`data/kernel_times_h100.jsonl` holds them: first the kernels, then one problem per line with `times`, a list of
[number of the kernel, microseconds, launch integers]. The last are slices of K, or the order of a persistent kernel's
tiles where that is not one at a time in the direction CUTLASS prefers. Operands are f16, the epilogue adds a bias and
keeps what is positive; CUDA graphs of many launches on buffers that rotate past the L2 cache, the median of several.
`torch` is the time of cuBLASLt or cuDNN with the same epilogue. `sweep` 1 tried 2.x and 3.x kernels that promised to be
fast, `sweep` 2 all tiles of `conv2d_sm90`, each after the one before had ended. In the others launches overlap, as they
do in a network: `sweep` 3 is what tuning measured, `sweep` 4 what tuning_exhaustive.py does, `sweep` 5 kernels of
3.x that were built for other problems, on every problem of the others whose rows TMA can load.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from xdsl.dialects.builtin import f16
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import Broadcast
from boltir.profiler.candidate_text import parse_template

H100_TIMES = Path(__file__).parent / "data" / "kernel_times_h100.jsonl"
SIGNATURE = KernelSignature((f16, f16), (f16,), (Broadcast.ROW,), (f16,))
"""The types and the bias of every measured kernel."""

TUNED_SWEEP, EXHAUSTIVE_SWEEP = 3, 4
SWEEPS_APART = (1, 2)
"""Those in which launches do not overlap."""

Time = tuple[int, float] | tuple[int, float, dict[str, int]]
"""A kernel's number, microseconds, and launch integers of its own."""


class Measured(TypedDict):
    """Measurements of one problem as they are stored; its extents are further entries."""

    op: str
    sweep: int
    times: list[Time]


@dataclass(frozen=True)
class Timing:
    """One kernel on one problem."""

    template: TemplateAttr
    arguments: Mapping[str, int]
    seconds: float


@dataclass(frozen=True)
class Problem:
    """One product or convolution, with every kernel that was measured on it and is legal for it."""

    name: str
    operation: str
    sweep: int
    torch_seconds: float | None
    timings: tuple[Timing, ...]

    @property
    def best(self) -> float:
        """The time of the fastest kernel."""
        return min(timing.seconds for timing in self.timings)


def load(path: Path = H100_TIMES) -> tuple[Problem, ...]:
    """The problems of a file of measurements; kernels that no rule allows any more are left out."""
    first, *lines = path.read_text().splitlines()
    kernels = list(map(parse_template, json.loads(first)["kernels"]))
    problems = (_problem(json.loads(line), json.loads(line), kernels) for line in lines)
    return tuple(problem for problem in problems if problem.timings)


def add_products(measured: Mapping[tuple[int, int, int], Iterable[Timing]], path: Path = H100_TIMES) -> None:
    """Add products to a file of measurements, by their M, N and K."""
    first, *lines = path.read_text().splitlines()
    head = json.loads(first)
    numbers = {text: number for number, text in enumerate(head["kernels"])}
    for (m, n, k), timings in measured.items():
        times = [_time(timing, numbers) for timing in timings]
        lines.append(_line({"op": "gemm", "m": m, "n": n, "k": k, "sweep": EXHAUSTIVE_SWEEP, "times": times}))
    path.write_text("\n".join((_line({**head, "kernels": list(numbers)}), *lines, "")))


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _time(timing: Timing, numbers: dict[str, int]) -> Time:
    """A time as it is stored; a kernel that is new gets the next number."""
    number = numbers.setdefault(str(timing.template), len(numbers))
    usual, given = _order(timing.template), timing.arguments.items()
    own = {name: value for name, value in given if name not in GEMM_PARAMETERS and usual.get(name) != value}
    microseconds = round(1e6 * timing.seconds, 2)
    return (number, microseconds, own) if own else (number, microseconds)


def _problem(line: Measured, extents: dict[str, int], kernels: Sequence[TemplateAttr | None]) -> Problem:
    arguments = _arguments(line["op"], extents)
    timings: list[Timing] = []
    for number, microseconds, *own in line["times"]:
        template = kernels[number]
        if template is None:
            continue
        given = {**arguments, **_order(template), **(own[0] if own else {})}
        if _can_launch(template, given):
            timings.append(Timing(template, given, 1e-6 * microseconds))
    shown = ("m", "n", "k") if line["op"] == "gemm" else ("n", "h", "w", "c", "k", "r", "s", "stride")
    name = f"{line['op']} {'x'.join(str(extents[extent]) for extent in shown)}"
    torch = extents.get("torch")
    return Problem(name, line["op"], line["sweep"], None if torch is None else 1e-6 * torch, tuple(timings))


def _order(template: TemplateAttr) -> dict[str, int]:
    """CUTLASS's own order of tiles, one at a time, where a launch says which."""
    persistent = isinstance(template, Sm90Attr) and template.schedule.data.is_persistent
    return {"swizzle": 1, "raster": 0} if persistent else {}


def _can_launch(template: TemplateAttr, arguments: Mapping[str, int]) -> bool:
    try:
        template.check_launch(arguments)
    except VerifyException:
        return False
    return True


def _arguments(operation: str, extents: Mapping[str, int]) -> dict[str, int]:
    if operation == "gemm":
        m, n, k = (extents[name] for name in ("m", "n", "k"))
        return dict(zip(GEMM_PARAMETERS, (m, n, k, 1, k, k, n, m * k, n * k, m * n), strict=True))
    names = ("n", "h", "w", "c", "k", "r", "s", "p", "q", "pad", "pad", "stride", "stride")
    return dict(zip(CONV2D_PARAMETERS, (*(extents[name] for name in names), 1, 1), strict=True))
