"""Kernels that compute per element or move elements about."""

from collections.abc import Mapping, Sequence
from math import prod

from xdsl.dialects.builtin import IntAttr, IntegerType
from xdsl.irdl import irdl_attr_definition
from xdsl.utils.hints import isa

from boltir.dialects.cutlass.matrix import is_power_of_two, require
from boltir.dialects.cutlass.simt import (
    MAX_RANK,
    SimtAttr,
    check_float_inputs,
    check_input_count,
    check_outputs,
    check_shared_memory,
    check_vector,
    dimension_names,
    element_bytes,
)
from boltir.dialects.cutlass.template import IntsAttr, KernelSignature, TemplateAttr
from boltir.dialects.fused.broadcast import Broadcast
from boltir.dialects.graph.enums import (
    CoordinateTransformAttr,
    NearestModeAttr,
    PadModeAttr,
    ResizeMode,
    ResizeModeAttr,
)
from boltir.target import Target

MAX_CONCAT_INPUTS = 16
MAX_PAD_DIMENSIONS = 5


@irdl_attr_definition
class PointwiseAttr(TemplateAttr):
    """One result element from the same element of each operand.

    Operands are numbered from the input, if there is one, on. Those in `strided` are read at an offset and
    strides per dimension of the result (launch integers `x<i>_offset`, `x<i>_stride_0` and so on); `innermost`
    gives the innermost stride of each of them, -1 standing for any. The others are full or scalar.
    """

    name = "cutlass.pointwise"
    inputs: IntAttr
    vector: IntAttr
    rank: IntAttr
    strided: IntsAttr
    innermost: IntsAttr

    @property
    def has_accumulator(self) -> bool:
        return self.inputs.data == 1

    @property
    def launch_parameters(self) -> tuple[str, ...]:
        rank = self.rank.data
        reads = ((f"x{i}_offset", *dimension_names(f"x{i}_stride", rank)) for i in self.strided.data)
        return (*dimension_names("size", rank), *(name for read in reads for name in read))

    @property
    def divisors(self) -> Mapping[str, int]:
        return {f"size_{self.rank.data - 1}": self.vector.data}

    def elements_touched(self, integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
        """An operand read with strides may be a part of a larger buffer; dimensions of stride 0 are read once."""
        touched = list(elements)
        for i in self.strided.data:
            extents = (integers[f"size_{d}"] for d in range(self.rank.data) if integers[f"x{i}_stride_{d}"])
            touched[i] = min(elements[i], prod(extents))
        return touched

    def verify(self) -> None:
        check_vector("vector", self.vector.data)
        strided, innermost = self.strided.data, self.innermost.data
        require(self.inputs.data in (0, 1), f"inputs must be 0 or 1, got {self.inputs.data}")
        require(1 <= self.rank.data <= MAX_RANK, f"rank must be 1 to {MAX_RANK}, got {self.rank.data}")
        require(list(strided) == sorted(set(strided)), f"strided must list positions in order, got {list(strided)}")
        require(len(innermost) == len(strided), f"innermost needs {len(strided)} entries, got {len(innermost)}")
        require(
            all(stride in (-1, 0, 1) for stride in innermost),
            f"innermost strides are 1, 0 or -1, got {list(innermost)}",
        )

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, self.inputs.data)
        count = len(signature.inputs) + len(signature.broadcasts)
        require(count > 0, "a pointwise kernel reads at least one operand")
        require(
            all(0 <= i < count for i in self.strided.data),
            f"strided {list(self.strided.data)} exceeds {count} operands",
        )
        for i, kind in enumerate(signature.broadcasts, len(signature.inputs)):
            plain = kind in (Broadcast.FULL, Broadcast.SCALAR)
            require(plain or i in self.strided.data, f"operand {i} has the {kind} broadcast and must be in strided")


@irdl_attr_definition
class TransposeAttr(SimtAttr):
    """Matrix transposes, batched twice, that may convert the dtype and append zero rows.

    channels = 0 moves tiles of 32 * `outputs` vectors a side through shared memory, `vector` elements per access;
    otherwise a thread transposes `outputs` columns of `channels` rows in registers.
    """

    name = "cutlass.transpose"
    channels: IntAttr
    outputs: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        x, y = (
            (f"x_{d}_stride" for d in ("outer", "batch", "row")),
            (f"y_{d}_stride" for d in ("outer", "batch", "column")),
        )
        return ("outer", "batch", "rows", "padded_rows", "columns", *x, *y)

    def verify(self) -> None:
        super().verify()
        channels = self.channels.data
        require(
            channels == 0 or (is_power_of_two(channels) and channels <= 16),
            f"channels must be 0, 1, 2, .. 16, got {channels}",
        )
        require(self.vector.data <= 4, f"vector must be 1, 2 or 4, got {self.vector.data}")
        check_outputs(self.outputs.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)
        side = 32 * self.outputs.data * self.vector.data
        if self.channels.data == 0:
            check_shared_memory(side * side * element_bytes(signature.inputs[0]))


@irdl_attr_definition
class GatherAttr(SimtAttr):
    """Entries of x [outer, axis, inner] picked by a list of indices."""

    name = "cutlass.gather"

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("outer", "axis", "inner", "indices", "columns")

    @property
    def divisors(self) -> Mapping[str, int]:
        return {"inner": self.vector.data}

    def elements_touched(self, integers: Mapping[str, int], elements: Sequence[int]) -> Sequence[int]:
        """Of the table, at most as many entries as there are indices."""
        entries = min(integers["axis"], integers["indices"])
        return (integers["outer"] * entries * integers["inner"], *elements[1:])

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 2)
        index = signature.inputs[1]
        require(isa(index, IntegerType) and index.width.data in (32, 64), f"indices must be i32 or i64, not {index}")


@irdl_attr_definition
class ConcatAttr(SimtAttr):
    """Rows that are the rows of `count` inputs one after the other."""

    name = "cutlass.concat"
    count: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("outer", "columns", *dimension_names("length", self.count.data))

    @property
    def divisors(self) -> Mapping[str, int]:
        return dict.fromkeys(dimension_names("length", self.count.data), self.vector.data)

    def verify(self) -> None:
        super().verify()
        count = self.count.data
        require(1 <= count <= MAX_CONCAT_INPUTS, f"count must be 1 to {MAX_CONCAT_INPUTS}, got {count}")

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, self.count.data)
        require(len(set(signature.inputs)) == 1, "the inputs must have one element type")


@irdl_attr_definition
class PadAttr(SimtAttr):
    """A tensor of `dimensions` dimensions inside a larger one; `value` is an f32's bits, or the integer.

    Vectors of the result are put together from accesses to `access` elements of the tensor.
    """

    name = "cutlass.pad"
    mode: PadModeAttr
    dimensions: IntAttr
    access: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        extents = (name for prefix in ("x", "low", "y") for name in dimension_names(prefix, self.dimensions.data))
        return (*extents, "columns", "value")

    def verify(self) -> None:
        super().verify()
        dimensions = self.dimensions.data
        require(
            1 <= dimensions <= MAX_PAD_DIMENSIONS, f"dimensions must be 1 to {MAX_PAD_DIMENSIONS}, got {dimensions}"
        )
        check_vector("access", self.access.data, self.vector.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)


@irdl_attr_definition
class ResizeAttr(SimtAttr):
    """Resampling of the middle of [n, h, w, c] after ONNX Resize; the ratios of the extents are the scales.

    A thread computes `outputs` neighbours in a column of the result.
    """

    name = "cutlass.resize"
    mode: ResizeModeAttr
    coordinates: CoordinateTransformAttr
    rounding: NearestModeAttr
    outputs: IntAttr

    @property
    def own_parameters(self) -> tuple[str, ...]:
        return ("n", "h", "w", "c", "p", "q", "columns")

    def verify(self) -> None:
        super().verify()
        check_outputs(self.outputs.data)

    def check_legal(self, target: Target, signature: KernelSignature) -> None:
        super().check_legal(target, signature)
        check_input_count(signature, 1)
        if self.mode.data is ResizeMode.LINEAR:
            check_float_inputs(signature)
