"""What nvidia-matmul-heuristics proposes for a matrix product, where that package is installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from boltir.dialects.cutlass.matrix import Layout, Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile
from boltir.profiler.enumeration import library
from boltir.target import Target

PACKAGE = "nvMatmulHeuristics"
GPUS = {"sm_90a": "H100_SXM"}
"""The name it has for a target's representative part; it knows CUTLASS 3.x only."""
PROPOSALS = 16
"""How many are asked for: most of its estimates tie."""


def is_installed() -> bool:
    """Whether the package is there; it is proprietary, so boltir does not depend on it."""
    return find_spec(PACKAGE) is not None


def proposed_tiles(
    integers: Mapping[str, int], layouts: tuple[Layout, Layout], math: Math, target: Target
) -> tuple[HopperTile, ...]:
    """Its tiles for a product with these launch integers, each with the schedules that boltir has; none without it."""
    if not is_installed() or target.name not in GPUS:
        return ()
    extents = tuple(integers[name] for name in ("m", "n", "k", "batch"))
    return _proposed(extents, layouts, math, GPUS[target.name])


@lru_cache
def _proposed(extents: tuple[int, ...], layouts: tuple[Layout, Layout], math: Math, gpu: str) -> tuple[HopperTile, ...]:
    types = library("library")
    element = types.DataType["f32" if math is Math.TF32 else math.value]
    order = {Layout.ROW: types.LayoutType.RowMajor, Layout.COLUMN: types.LayoutType.ColumnMajor}
    configurations = _interface(gpu).get_configs(
        *extents,
        [element, element, types.DataType.f32, element, element],
        [*(order[layout] for layout in layouts), types.LayoutType.RowMajor],
        math.vector,
        math.vector,
        count=PROPOSALS,
    )
    return tuple(dict.fromkeys(tile for found in configurations for tile in _tiles(found, math)))


def _tiles(found: Mapping[str, Any], math: Math) -> Iterator[HopperTile]:
    m, n, k = (int(found[f"cta_tile_{axis}"]) for axis in "mnk")
    cluster = (int(found["cluster_m"]), int(found["cluster_n"]), 1)
    for schedule in (Schedule.PINGPONG, Schedule.COOPERATIVE, Schedule.WARP_SPECIALIZED):
        yield HopperTile((m, n, k * math.bytes // 2), schedule, cluster)


@lru_cache
def _interface(gpu: str) -> Any:
    return library("heuristics_provider").MatmulHeuristics(gpu)
