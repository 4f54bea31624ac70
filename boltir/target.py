"""What the hardware is: one row per GPU architecture, and the only place that knows its numbers.

Sources: CUDA C++ Programming Guide, "Compute Capabilities" (limits); the vendor's white papers
(rates; dense, no sparsity) of the part named in `example`.
"""

from dataclasses import dataclass

from boltir.errors import BoltError


@dataclass(frozen=True)
class Target:
    """One GPU architecture, with the rates of one representative part.

    Attributes:
        name: the architecture as nvcc's `code=` spells it.
        example: the part whose rates are given.
        multiprocessors: streaming multiprocessors on that part.
        shared_memory_per_block: bytes one threadblock may use (opt-in limit).
        shared_memory_per_multiprocessor: bytes.
        max_threads_per_multiprocessor: threads resident at once.
        l2_bytes: size of the L2 cache.
        memory_bandwidth: bytes per second from device memory.
        tensor_flops: dense fp16 tensor-core FLOP/s with fp32 accumulation.
        simt_flops: fp32 FLOP/s outside the tensor cores.
    """

    name: str
    example: str
    multiprocessors: int
    shared_memory_per_block: int
    shared_memory_per_multiprocessor: int
    max_threads_per_multiprocessor: int
    l2_bytes: int
    memory_bandwidth: float
    tensor_flops: float
    simt_flops: float

    @property
    def capability(self) -> int:
        """Compute capability as one number: 80 for sm_80, 90 for sm_90a."""
        return int(self.name.removeprefix("sm_").removesuffix("a"))

    @property
    def l2_kept(self) -> float:
        """Bytes that stay in the L2 cache: it has two partitions, and data of both ends up in each."""
        return self.l2_bytes / 2

    @property
    def virtual_architecture(self) -> str:
        """What nvcc's `arch=` is called for this target: `compute_80`."""
        return "compute_" + self.name.removeprefix("sm_")

    @property
    def is_specific(self) -> bool:
        """Whether its code runs on no other architecture; that of the others also runs on later minor versions."""
        return self.name.endswith("a")

    @property
    def has_async_copy(self) -> bool:
        """Whether `cp.async` exists: multistage mainloops need it."""
        return self.capability >= 80

    @property
    def has_warpgroup_mma(self) -> bool:
        """Whether `wgmma` and TMA exist: CUTLASS 3.x templates need them."""
        return self.name == "sm_90a"

    @property
    def has_programmatic_launch(self) -> bool:
        """Whether a kernel can start while the one before it drains (`griddepcontrol`)."""
        return self.capability >= 90

    @property
    def has_bfloat16(self) -> bool:
        return self.capability >= 80

    @property
    def has_tf32(self) -> bool:
        """Whether tensor cores take f32 operands, which they multiply as tf32."""
        return self.capability >= 80

    @staticmethod
    def named(name: str) -> "Target":
        """The target called `name` (`sm_80`).

        Raises:
            BoltError: boltir does not know that architecture.
        """
        if name not in TARGETS:
            raise BoltError(f"unknown target '{name}'", hint=f"one of {', '.join(TARGETS)}")
        return TARGETS[name]


_KIB = 1024
_MIB = 1024 * _KIB

TARGETS = {
    row.name: row
    for row in (
        Target("sm_75", "T4", 40, 64 * _KIB, 64 * _KIB, 1024, 4 * _MIB, 320e9, 65e12, 8.1e12),
        Target("sm_80", "A100 80GB", 108, 163 * _KIB, 164 * _KIB, 2048, 40 * _MIB, 2039e9, 312e12, 19.5e12),
        Target("sm_86", "A10", 72, 99 * _KIB, 100 * _KIB, 1536, 6 * _MIB, 600e9, 125e12, 31.2e12),
        Target("sm_89", "L4", 58, 99 * _KIB, 100 * _KIB, 1536, 48 * _MIB, 300e9, 121e12, 30.3e12),
        Target("sm_90a", "H100 SXM", 132, 227 * _KIB, 228 * _KIB, 2048, 50 * _MIB, 3350e9, 989e12, 66.9e12),
    )
}
"""The architectures boltir compiles for, by name."""
