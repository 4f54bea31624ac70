"""What the templates of boltir's own kernel families share: vectors and the operands of the epilogue."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from xdsl.dialects.builtin import AnyFloat, IntAttr
from xdsl.ir import Attribute

from boltir.dialects.cutlass.matrix import is_power_of_two, require
from boltir.dialects.cutlass.memory import element_bits
from boltir.dialects.cutlass.store import dimension_names
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.target import Target

MAX_VECTOR = 8
MAX_RANK = 6
STATIC_SHARED_MEMORY = 48 * 1024
"""Bytes of shared memory a kernel can declare statically, on every architecture (CUDA C++ Programming Guide)."""


# Only a dataclass's fields take part in the equality of its subclasses.
@dataclass(frozen=True, init=False)
class SimtAttr(TemplateAttr, ABC):
    """A kernel on the ordinary cores.

    A thread moves `vector` consecutive elements at a time. Epilogue operands at the positions `general`
    are read with strides: the launch gives `rank` extents of the result, `size_0` and so on, and as many
    strides of each such operand, `e<position>_stride_0` and so on, 0 where it is repeated.
    """

    vector: IntAttr
    rank: IntAttr
    general: IntsAttr

    @property
    @abstractmethod
    def own_parameters(self) -> tuple[str, ...]:
        """The launch integers of the family, which come before those of the epilogue operands."""

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        sizes = dimension_names("size", self.rank.data) if self.general.data else ()
        strides = (name for i in self.general.data for name in dimension_names(f"e{i}_stride", self.rank.data))
        return (*self.own_parameters, *sizes, *strides)

    def verify(self) -> None:
        check_vector("vector", self.vector.data)
        rank, general = self.rank.data, self.general.data
        require(list(general) == sorted(set(general)), f"general must list positions in order, got {list(general)}")
        least = 1 if general else 0
        require(
            least <= rank <= MAX_RANK and (rank == 0 or bool(general)),
            f"rank must be 1 to {MAX_RANK} with general operands and 0 without, got {rank} for {len(general)} operands",
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        given = tuple(i for i, kind in enumerate(signature.broadcasts) if kind is Broadcast.GENERAL)
        require(
            given == self.general.data,
            f"operands {list(given)} have the general broadcast, general lists {list(self.general.data)}",
        )
        require(bool(signature.outputs), "a kernel stores at least one output")


def check_vector(name: str, value: int, most: int = MAX_VECTOR) -> None:
    require(is_power_of_two(value) and value <= most, f"{name} must be a power of two up to {most}, got {value}")


def check_input_count(signature: KernelSignature, count: int) -> None:
    require(len(signature.inputs) == count, f"the template takes {count} inputs, not {len(signature.inputs)}")


def check_float_inputs(signature: KernelSignature) -> None:
    for element in signature.inputs:
        require(isinstance(element, AnyFloat), f"the template computes on floating-point elements, not {element}")


def check_shared_memory(used: int) -> None:
    require(used <= STATIC_SHARED_MEMORY, f"{used} bytes of shared memory exceed {STATIC_SHARED_MEMORY}")


def element_bytes(element: Attribute) -> int:
    return element_bits(element) // 8


def check_positive(name: str, values: tuple[int, ...], length: int) -> None:
    require(len(values) == length and min(values) > 0, f"{name} must be {length} positive numbers, got {list(values)}")


def check_outputs(outputs: int) -> None:
    require(1 <= outputs <= 8, f"outputs must be 1 to 8, got {outputs}")


@dataclass(frozen=True, init=False)
class WindowAttr(SimtAttr, ABC):
    """A window that moves over x [n, h, w, c]; a thread computes `outputs` neighbours in a row of the result."""

    kernel_shape: IntsAttr
    strides: IntsAttr
    dilations: IntsAttr
    outputs: IntAttr

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"c": self.vector.data}

    def verify(self) -> None:
        super().verify()
        pairs = {"kernel_shape": self.kernel_shape, "strides": self.strides, "dilations": self.dilations}
        for name, pair in pairs.items():
            check_positive(name, pair.data, 2)
        check_outputs(self.outputs.data)
