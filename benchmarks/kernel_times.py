"""Measured times of products and convolutions by many kernels each: what the cost model is fitted to and judged by.

`data/kernel_times_h100.jsonl` holds them: first the kernels, then one problem per line with `times`, a list of
[number of the kernel, slices of K or 0, microseconds]. Operands are f16, the epilogue adds a bias and keeps what is
positive; CUDA graphs of many launches on buffers that rotate past the L2 cache, the median of several.
`torch` is the time of cuBLASLt or cuDNN with the same epilogue. `sweep` 1 tried 2.x and 3.x kernels that promised
to be fast, `sweep` 2 all tiles of `conv2d_sm90`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from xdsl.dialects.builtin import f16
from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.conv2d import CONV2D_PARAMETERS, Conv2dAttr
from boltir.dialects.cutlass.conv2d_sm90 import Conv2dSm90Attr
from boltir.dialects.cutlass.gemm import GemmAttr
from boltir.dialects.cutlass.gemm_sm90 import GemmSm90Attr
from boltir.dialects.cutlass.matrix import GEMM_PARAMETERS
from boltir.dialects.cutlass.sm90 import Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, TemplateAttr
from boltir.dialects.fused import Broadcast

H100_TIMES = Path(__file__).parent / "data" / "kernel_times_h100.jsonl"
SIGNATURE = KernelSignature((f16, f16), (f16,), (Broadcast.ROW,), (f16,))
"""The types and the bias of every measured kernel."""

FAMILIES: dict[str, type[TemplateAttr]] = {
    "gemm": GemmAttr,
    "gemm_sm90": GemmSm90Attr,
    "conv2d": Conv2dAttr,
    "conv2d_sm90": Conv2dSm90Attr,
}


class Measured(TypedDict):
    """Measurements of one problem as they are stored; its extents are further entries."""

    op: str
    sweep: int
    times: list[tuple[int, int, float]]


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
    described = cast(list[dict[str, int | str | list[int]]], json.loads(first)["kernels"])
    kernels = [_template(kernel) for kernel in described]
    problems = (_problem(json.loads(line), json.loads(line), kernels) for line in lines)
    return tuple(problem for problem in problems if problem.timings)


def _template(kernel: dict[str, int | str | list[int]]) -> TemplateAttr | None:
    values: dict[str, ParameterValue] = {"alignment_a": 8, "alignment_c": 8, "swizzle": 1, "math": "f16"}
    values |= {name: tuple(value) if isinstance(value, list) else value for name, value in kernel.items()}
    family = str(values.pop("family"))
    if family.endswith("sm90"):
        del values["swizzle"]
    values["alignment_b"] = values["alignment_a"]
    if family.startswith("gemm"):
        values["layout_a"] = "row"
    if not family.endswith("sm90"):
        values["instruction"] = (16, 8, 16)
    try:
        return FAMILIES[family].of(**values)
    except VerifyException:
        return None


def _problem(line: Measured, extents: dict[str, int], kernels: list[TemplateAttr | None]) -> Problem:
    arguments = _arguments(line["op"], extents)
    timings: list[Timing] = []
    for number, slices, microseconds in line["times"]:
        template = kernels[number]
        given = {**arguments, **_order(template, slices)}
        if template is not None and _can_launch(template, given):
            timings.append(Timing(template, given, 1e-6 * microseconds))
    shown = ("m", "n", "k") if line["op"] == "gemm" else ("n", "h", "w", "c", "k", "r", "s", "stride")
    name = f"{line['op']} {'x'.join(str(extents[extent]) for extent in shown)}"
    torch = extents.get("torch")
    return Problem(name, line["op"], line["sweep"], None if torch is None else 1e-6 * torch, tuple(timings))


def _order(template: TemplateAttr | None, slices: int) -> dict[str, int]:
    """What the schedule's launch integers were: slices of K, or CUTLASS's own order of tiles, one at a time."""
    if slices:
        return {"slices": slices}
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
