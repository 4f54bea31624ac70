"""Candidates of the CUTLASS 2.x templates for a problem: what `gemm` and `conv2d` share."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from xdsl.dialects.builtin import AnyFloat

from boltir.dialects.cutlass.matrix import Math, bytes_of
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue
from boltir.dialects.cutlass.tensor_op import TensorOpAttr, instruction_shape
from boltir.dialects.fused import Broadcast
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.tf32_tiles import TF32_TILES
from boltir.lowering.fused_to_cutlass.tiles import (
    ASYNC_TILES,
    REGISTER_STAGED_TILES,
    Footprint,
    Problem,
    Tile,
    estimate_seconds,
    legal,
    power_of_two_divisor,
)
from boltir.target import Target

Parameters = dict[str, ParameterValue]


def shipped_tiles(math: Math, target: Target, alignment: int) -> tuple[Tile, ...]:
    """The tiles that CUTLASS ships for operands of which one access moves `alignment` elements."""
    if math is Math.TF32:
        return TF32_TILES
    return ASYNC_TILES if target.has_async_copy and alignment > 1 else REGISTER_STAGED_TILES


def mainloops(math: Math, target: Target, alignment_a: int, alignment_b: int) -> Iterator[Parameters]:
    """The mainloop parameters of the shipped tiles, for operands of these alignments."""
    for tile in shipped_tiles(math, target, min(alignment_a, alignment_b)):
        yield {
            "math": math.value,
            "threadblock": tile.threadblock,
            "warp": tile.warp,
            "instruction": instruction_shape(math, target),
            "stages": tile.stages,
            "swizzle": 1,
            "alignment_a": alignment_a,
            "alignment_b": alignment_b,
        }


@lru_cache(maxsize=1024)  # the kernels of a network differ in few of these
def legal_templates(
    kind: type[TensorOpAttr],
    target: Target,
    signature: KernelSignature,
    *,
    alignment_a: int,
    alignment_b: int,
    **others: ParameterValue,
) -> tuple[TensorOpAttr, ...] | Refusal:
    """The shipped tiles of a family that are legal for operands of these alignments."""
    math = math_of(signature)
    if isinstance(math, Refusal):
        return math
    parameters = mainloops(math, target, alignment_a, alignment_b)
    return legal((partial(kind.of, **mainloop, **others) for mainloop in parameters), target, signature)


def math_of(signature: KernelSignature) -> Math | Refusal:
    """How tensor cores multiply the inputs."""
    element = signature.inputs[0]
    return Math.of(element) or Refusal(f"tensor cores multiply f16, bf16 and f32, not {element}")


def output_alignment(signature: KernelSignature, columns: int) -> int:
    """How many elements one access to a row-major output of so many columns moves: at most 16 bytes."""
    return power_of_two_divisor(16 // bytes_of(signature.outputs[0]), (columns,))


def seconds_of(problem: Problem, signature: KernelSignature, target: Target) -> Callable[[TensorOpAttr], float]:
    """The estimated time of each template on `problem`."""

    def seconds(template: TensorOpAttr) -> float:
        m, n, k = template.threadblock.data
        footprint = Footprint(
            tile=(m, n, k),
            fragment=(template.warp.data[0], template.warp.data[1]),
            stages=template.stages.data,
            threads=template.threads,
            registers=template.registers,
            element_bytes=template.math.data.bytes,
            shared_memory=template.shared_memory(signature.outputs[0]),
        )
        return estimate_seconds(problem, footprint, target)

    return seconds


def attempt_or_blame(
    attempt: Callable[[KernelSignature], Selection | Refusal], signature: KernelSignature, sources: int
) -> Selection | Refusal:
    """What `attempt` gives for `signature`; a refusal names the epilogue operands without which it would succeed.

    `sources` is how many full operands the 2.x epilogue reads.
    """
    choice = attempt(signature)
    if isinstance(choice, Selection):
        return choice
    for positions in (_unreadable(signature), _beyond_2x(signature, sources)):
        if positions and isinstance(attempt(_without(signature, positions)), Selection):
            return Refusal(choice.reason, positions)
    return choice


def _unreadable(signature: KernelSignature) -> tuple[int, ...]:
    """Operands that no CUTLASS epilogue reads."""
    operands = enumerate(zip(signature.epilogue_operands, signature.broadcasts, strict=True))
    return tuple(i for i, (element, kind) in operands if kind is Broadcast.GENERAL or not isinstance(element, AnyFloat))


def _beyond_2x(signature: KernelSignature, sources: int) -> tuple[int, ...]:
    """Operands that the 2.x epilogue does not read: it has one row operand, and `sources` of the output's type."""
    unreadable = _unreadable(signature)
    room = {Broadcast.ROW: 1, Broadcast.FULL: sources, Broadcast.SCALAR: len(signature.broadcasts)}
    positions: list[int] = []
    for i, (element, kind) in enumerate(zip(signature.epilogue_operands, signature.broadcasts, strict=True)):
        fits = i not in unreadable and room.get(kind, 0) > 0
        if not fits or (kind is Broadcast.FULL and element != signature.outputs[0]):
            positions.append(i)
        else:
            room[kind] -= 1
    return tuple(positions)


def _without(signature: KernelSignature, positions: tuple[int, ...]) -> KernelSignature:
    kept = [i for i in range(len(signature.broadcasts)) if i not in positions]
    return KernelSignature(
        signature.inputs,
        tuple(signature.epilogue_operands[i] for i in kept),
        tuple(signature.broadcasts[i] for i in kept),
        signature.outputs,
    )
