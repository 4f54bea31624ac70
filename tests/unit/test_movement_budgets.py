"""What is launched only to move elements, in the networks that users deploy.

Convolutions run on channels-last images whose channels are padded, and the networks are channels-first: what changes
between the two is part of one kernel at each edge, and nothing is transposed or padded inside.
"""

from collections.abc import Callable
from functools import partial

import pytest
from onnx import ModelProto
from xdsl.dialects.func import ReturnOp
from xdsl.ir import BlockArgument

from boltir.compiler import Network, lower
from boltir.dialects.fused import FusedOp, PadOp, ReshapeOp, SliceOp, TransposeOp, UnfoldOp
from boltir.frontends.onnx import import_onnx
from tests.support import torch_exports, vision

STAGES = (48,) * 3 + (96,) * 4 + (192,) * 14 + (1280,)
"""The channels of RepVGG-A0's convolutions."""
CLASS_TOKEN = "slice of a kernel's output"
"""What is left of the tokens before the last layer's products."""

NETWORKS: dict[str, tuple[Callable[[], ModelProto], list[str]]] = {
    "ResNet-50": (partial(vision.resnet50, size=224, width=16, classes=1000), ["unfold of an argument"]),
    "VGG-16": (
        partial(vision.vgg, 224, (8, 16, 32, 64, 64), (2, 2, 3, 3, 3), hidden=512, classes=1000),
        ["unfold of an argument"],
    ),
    "RepVGG-A0": (partial(vision.repvgg, 224, STAGES), ["unfold of an argument"]),
    "BERT": (partial(torch_exports.bert, layers=12, heads=2, size=64), []),
    "BERT with a mask": (partial(torch_exports.bert, masked=True, layers=12, heads=2, size=64), []),
    "ViT": (partial(torch_exports.vit, layers=12, heads=2, size=64), ["transpose of an argument", CLASS_TOKEN]),
    "U-Net": (partial(vision.unet, size=64, width=16), ["unfold of an argument"]),
}
"""Networks with the layers of the real ones, some with fewer channels, and what they launch only to move elements."""

MOVEMENT = (PadOp, SliceOp, TransposeOp, UnfoldOp)


def movement(model: ModelProto, target: str) -> list[str]:
    """The kernels of `model` that only move elements, each with what it moves."""
    imported = import_onnx(model)
    module = lower(Network(imported.module, imported.weights), "fused", target=target).module
    return [f"{op.name.removeprefix('fused.')} of {place(op)}" for op in module.walk() if isinstance(op, MOVEMENT)]


def place(op: FusedOp) -> str:
    """Which of the network's edges `op` is at, if any."""
    source = op.inputs[0]
    while isinstance(source.owner, ReshapeOp):
        source = source.owner.input
    if isinstance(source, BlockArgument):
        return "an argument"
    at_end = all(isinstance(use.operation, ReturnOp) for use in op.outputs[0].uses)
    return "a result" if at_end else "a kernel's output"


@pytest.mark.parametrize("target", ["sm_80", "sm_90a"])
@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_moved_inside(name: str, target: str) -> None:
    build, expected = NETWORKS[name]
    assert movement(build(), target) == expected
