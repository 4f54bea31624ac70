"""What cutlass_library's own generators enumerate: the tiles that CUTLASS ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import Schedule
from boltir.errors import BoltError
from boltir.lowering.fused_to_cutlass.mainloops import HopperTile, Tile
from boltir.target import Target

CUDA_VERSION = "12.9"
"""Any that is new enough for every generator; what is built with is another question."""

HOPPER_LEVEL = 342
"""Three digits (sm90_shapes.py): clusters of up to 4 threadblocks; tiles of 1, 2 or 4 times 64 rows, one or two
swizzled rows deep; instructions whose columns are a power of two."""

SCHEDULES = {
    "TmaWarpSpecialized": Schedule.WARP_SPECIALIZED,
    "TmaWarpSpecializedPingpong": Schedule.PINGPONG,
    "TmaWarpSpecializedCooperative": Schedule.COOPERATIVE,
}
"""The schedules of 3.x that boltir has templates for, by their names in cutlass_library."""


@dataclass
class _Recorder:
    """Stands in for cutlass_library's Manifest: keeps the operations that a generator makes."""

    kernel_filter: str = "all"
    operations: list[Any] = field(default_factory=list[Any])

    def append(self, operation: object) -> None:
        self.operations.append(operation)


def library(module: str) -> Any:
    """A module of cutlass_library.

    Raises:
        BoltError: it is not installed.
    """
    try:
        return import_module(f"cutlass_library.{module}")
    except ImportError:
        raise BoltError("cutlass_library is not installed", hint="`pip install boltir[cutlass]`") from None


@lru_cache
def shipped_tiles(math: Math, target: Target) -> tuple[Tile, ...]:
    """The tiles of 2.x that CUTLASS ships for matrix products and convolutions of f32 accumulators.

    Raises:
        BoltError: cutlass_library is not installed.
    """
    generator, names = library("generator"), library("library").DataTypeNames
    generators = [generator.GenerateSM75_TensorOp_1688] if math is Math.F16 else []
    if target.has_async_copy:
        newer = generator.GenerateSM80_TensorOp_1688 if math is Math.TF32 else generator.GenerateSM80_TensorOp_16816
        generators.append(newer)
    recorder = _Recorder()
    for generate in generators:
        generate(recorder, CUDA_VERSION)
    return tuple(dict.fromkeys(_tiles(recorder.operations, names, math)))


def _tiles(operations: list[Any], names: Any, math: Math) -> Iterator[Tile]:
    for operation in operations:
        description = operation.tile_description
        instruction = description.math_instruction
        if (names[instruction.element_a], names[instruction.element_accumulator]) == (math.value, "f32"):
            yield Tile(tuple(description.threadblock_shape), tuple(description.warp_count), description.stages)


@lru_cache
def hopper_tiles(math: Math) -> tuple[HopperTile, ...]:
    """The tiles, clusters and schedules of 3.x that cutlass_library holds to be valid on Hopper.

    Raises:
        BoltError: cutlass_library is not installed.
    """
    utilities, names = library("sm90_utils"), library("library").DataTypeNames
    if math is Math.TF32:
        instructions = utilities.generate_tf32_math_instructions_sm90(HOPPER_LEVEL)
    else:
        instructions = utilities.generate_fp16_bf16_math_instructions_sm90(HOPPER_LEVEL)
    mine = [i for i in instructions if (names[i.element_a], names[i.element_accumulator]) == (math.value, "f32")]
    found: list[HopperTile] = []
    for description in utilities.generate_tile_descriptions_sm90(mine, True, HOPPER_LEVEL):
        if utilities.is_tile_desc_valid(description):
            found += _scheduled(utilities, description, math)
    return tuple(sorted(dict.fromkeys(found), key=lambda tile: (tile.tile, tile.cluster, tile.schedule.value)))


def _scheduled(utilities: Any, description: Any, math: Math) -> Iterator[HopperTile]:
    """The tile with each schedule that is valid for it, as deep as it is for 16-bit operands."""
    m, n, k = description.threadblock_shape
    types = library("library")
    instruction = description.math_instruction
    floats, rows, columns = types.DataType.f32, types.LayoutType.RowMajor, types.LayoutType.ColumnMajor
    valid, _ = utilities.get_valid_schedules(
        tile_description=description,
        cuda_version=CUDA_VERSION,
        is_aligned=True,
        data_types={
            "a_type": instruction.element_a,
            "b_type": instruction.element_b,
            "c_type": types.DataType.f16,
            "d_type": types.DataType.f16,
            "acc_type": floats,
            "epi_type": floats,
        },
        layout=[[rows, math.vector], [columns, math.vector], [rows, 8]],
        instantiation_level=HOPPER_LEVEL,
    )
    for mainloop, _ in valid:
        if mainloop.name in SCHEDULES:
            yield HopperTile((m, n, k * math.bytes // 2), SCHEDULES[mainloop.name], tuple(description.cluster_shape))
