"""What a fusion saves and what it costs: a model of kernels that run one after the other.

A kernel of its own costs a launch, reads what the kernel before it has just written and writes its result at the speed
of the memory, under which its arithmetic hides. In a product before it, neither that is free nor what is stored besides
the first output: an epilogue does both while its tile's tensor cores are idle. The numbers were measured on an H100
(benchmarks/results/kernels-h100-2026-11-23.md, "Launch overlap" and "Epilogues").
"""

from __future__ import annotations

from dataclasses import dataclass

from boltir.cost_model.work import instruction_seconds
from boltir.dialects.fused import Conv2dOp, DualGemmOp, FusedOp, GemmOp
from boltir.target import Target

LAUNCH_SECONDS = 1.3e-6
"""One more small kernel in a chain with overlapped launches."""
L2_SPEEDUP = 2.0
"""How much faster than memory the L2 cache gives back what was just written."""


@dataclass(frozen=True)
class EpilogueSpeed:
    """What the epilogues of products and convolutions take for more than one plain output.

    Attributes:
        store_seconds: a second store, however small.
        store_factor: how much longer than the memory a second store takes.
        reduction_seconds: combining elements, however few.
        reduction_flops: operations of the ordinary cores to which combining one element amounts.
    """

    store_seconds: float
    store_factor: float
    reduction_seconds: float
    reduction_flops: float


THROUGH_SHARED_MEMORY = EpilogueSpeed(0.2e-6, 1.2, 0.5e-6, 110)
"""CUTLASS 2.x: every output passes through shared memory and leaves in whole rows."""
BESIDE_TMA = EpilogueSpeed(2.5e-6, 3.3, 0.25e-6, 6)
"""CUTLASS 3.x: the first output leaves through TMA while the next tile is multiplied, others do not."""


@dataclass(frozen=True)
class Tradeoff:
    """Seconds that a fusion saves, and that it costs."""

    saved: float
    spent: float

    @property
    def pays(self) -> bool:
        return self.saved > self.spent

    def __str__(self) -> str:
        return f"it would save {1e6 * self.saved:.1f} us and cost {1e6 * self.spent:.1f} us"


@dataclass(frozen=True)
class FusionCost:
    """The model for one GPU.

    Attributes:
        free: take it that epilogues store and reduce for nothing, so that every fusion pays.
    """

    target: Target
    free: bool = False

    @property
    def epilogue(self) -> EpilogueSpeed:
        """The speed of the templates that the target's products run on."""
        return BESIDE_TMA if self.target.has_warpgroup_mma else THROUGH_SHARED_MEMORY

    def joint_kernel(self, *, read: int, stored: int, behind_matrix: bool, instructions: int = 0) -> Tradeoff:
        """Making one kernel of two, although what the first stores is needed by others.

        Args:
            read: the bytes that the second kernel need not read any more.
            stored: the bytes that the joint kernel stores beyond those of the first.
            behind_matrix: whether it is a product or convolution; other kernels store all outputs alike.
            instructions: of the second kernel, for all its elements.
        """
        writing = stored / self.target.memory_bandwidth
        storing = self.epilogue.store_seconds + self.epilogue.store_factor * writing
        spent = storing if behind_matrix and stored > 0 else writing
        if behind_matrix:
            spent += instruction_seconds(instructions, self.target)
        return self._tradeoff(LAUNCH_SECONDS + self._reading(read) + writing, spent)

    def reduced_store(self, size: int, elements: int, *, stays: bool) -> Tradeoff:
        """Reducing what a kernel computes in its epilogue; a small kernel that adds partial results replaces another.

        Args:
            size: the bytes of what is reduced.
            stays: whether it is stored nevertheless.
        """
        writing = 0.0 if stays else size / self.target.memory_bandwidth
        arithmetic = self.epilogue.reduction_flops * elements / self.target.simt_flops
        return self._tradeoff(self._reading(size) + writing, self.epilogue.reduction_seconds + arithmetic)

    def _tradeoff(self, saved: float, spent: float) -> Tradeoff:
        return Tradeoff(saved, 0.0 if self.free else spent)

    def _reading(self, size: int) -> float:
        is_cached = size <= self.target.l2_kept
        return size / (self.target.memory_bandwidth * (L2_SPEEDUP if is_cached else 1))


def is_matrix_anchor(op: FusedOp) -> bool:
    """Whether `op` runs on tensor cores, in whose epilogues auxiliary stores cost more."""
    return isinstance(op, GemmOp | DualGemmOp | Conv2dOp)
