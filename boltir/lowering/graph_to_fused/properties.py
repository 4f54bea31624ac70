"""Properties that a graph operation and its kernel have in common."""

from xdsl.ir import Attribute

from boltir.dialects.graph import GraphOp, Layout, LayoutAttr
from boltir.errors import BoltError
from boltir.remarks import location_text


def shared_properties(op: GraphOp) -> dict[str, Attribute]:
    """The properties of `op` but its layout: kernels know one layout, and name all others alike."""
    return {name: value for name, value in op.properties.items() if name != "layout"}


def require_channels_last(op: GraphOp) -> None:
    """`op` must be in the one layout that kernels know.

    Raises:
        BoltError: it is not.
    """
    if op.properties.get("layout") != LayoutAttr(Layout.NHWC):
        hint = "run assign-layout before convert-graph-to-fused"
        raise BoltError(f"{op.name} is in nchw layout, kernels take nhwc", where=location_text(op) or None, hint=hint)
