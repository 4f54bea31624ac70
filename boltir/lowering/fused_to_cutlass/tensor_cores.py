"""What every family for tensor cores asks of a kernel's operands."""

from boltir.dialects.cutlass.matrix import MOST_NODES, Math
from boltir.dialects.cutlass.template import KernelSignature
from boltir.lowering.fused_to_cutlass.selection import Refusal


def math_of(signature: KernelSignature) -> Math | Refusal:
    """How tensor cores multiply the inputs."""
    element = signature.inputs[0]
    return Math.of(element) or Refusal(f"tensor cores multiply f16, bf16 and f32, not {element}")


def crowd(signature: KernelSignature) -> Refusal | None:
    """The refusal of the operands beyond those that one epilogue holds, if there are any."""
    beyond = tuple(range(max(0, MOST_NODES - len(signature.outputs)), len(signature.broadcasts)))
    return Refusal(f"an epilogue has at most {MOST_NODES} operands and outputs", beyond) if beyond else None
