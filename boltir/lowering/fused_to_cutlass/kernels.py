"""The kernels of one module: operations that need the same code share one `cutlass.kernel`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, LocationAttr, StringAttr, SymbolRefAttr
from xdsl.ir import Attribute, Region, SSAValue

from boltir.dialects.cutlass.kernel import KernelOp, LaunchOp
from boltir.dialects.cutlass.simt import SimtAttr
from boltir.dialects.cutlass.store import StoreAttr
from boltir.dialects.cutlass.template import KernelSignature, TemplateAttr
from boltir.dialects.fused import FusedOp
from boltir.dialects.fused.broadcast import BroadcastAttr
from boltir.dialects.properties import int_attr, ints
from boltir.lowering.epilogue_struct import epilogue_struct
from boltir.lowering.fused_to_cutlass.selection import Selection, signature_of
from boltir.target import Target

KernelKey = tuple[Attribute, KernelSignature, tuple[str, ...]]


@dataclass
class KernelTable:
    """Finds or makes the kernel for a template, a signature and an epilogue."""

    target: Target
    kernels: dict[KernelKey, KernelOp] = field(default_factory=dict[KernelKey, KernelOp])

    def kernel_for(self, selection: Selection, signature: KernelSignature, epilogues: Sequence[Region]) -> KernelOp:
        """The kernel with this code; takes `epilogues`, one per product, over if it is new.

        Two epilogues are the same if their C++ is.
        """
        key = (selection.template, signature, tuple(epilogue_struct(epilogue.block) for epilogue in epilogues))
        if key not in self.kernels:
            name = f"{selection.template.family}_{len(self.kernels)}"
            self.kernels[key] = _build(name, self.target, selection, signature, epilogues)
        return self.kernels[key]


def _build(
    name: str, target: Target, selection: Selection, signature: KernelSignature, epilogues: Sequence[Region]
) -> KernelOp:
    *stages, last = epilogues
    broadcasts = (kind for stage in (*signature.stages, signature) for kind in stage.broadcasts)
    stores = ArrayAttr([StoreAttr(store) for store in signature.stores]) if signature.stores else None
    return KernelOp(
        properties={
            "sym_name": StringAttr(name),
            "target": StringAttr(target.name),
            "template": selection.template,
            "input_types": ArrayAttr(signature.inputs),
            "epilogue_types": ArrayAttr(signature.all_epilogue_operands),
            "broadcasts": ArrayAttr([BroadcastAttr(kind) for kind in broadcasts]),
            "output_types": ArrayAttr(signature.outputs),
            "stores": stores,
            "accumulators": int_attr(signature.accumulators),
            "general_rank": int_attr(signature.general_rank),
            "stage_operands": ints([len(stage.epilogue_operands) for stage in signature.stages]),
        },
        regions=[stages, last],
    )


def kernel_signature(op: FusedOp, template: TemplateAttr) -> KernelSignature:
    """The signature of the kernel of `template` that `op` becomes.

    Where the template has the rank of general operands among its own parameters, the signature does not repeat it.
    """
    signature = signature_of(op)
    return replace(signature, general_rank=0) if isinstance(template, SimtAttr) else signature


def build_launch(
    kernel: KernelOp,
    selection: Selection,
    inputs: Sequence[SSAValue],
    epilogue_operands: Sequence[SSAValue],
    outputs: Sequence[SSAValue],
    location: LocationAttr,
) -> LaunchOp:
    """A launch of `kernel` on buffers, with the integers that were selected with it."""
    launch = LaunchOp(
        operands=[inputs, epilogue_operands, outputs],
        properties={
            "kernel": SymbolRefAttr(kernel.sym_name),
            "arguments": DictionaryAttr({name: int_attr(value) for name, value in selection.arguments.items()}),
        },
    )
    launch.location = location
    return launch
