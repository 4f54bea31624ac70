"""Blocks of pixels to channels and back."""

from __future__ import annotations

from xdsl.ir import SSAValue

from boltir.dialects.graph.movement import TransposeOp
from boltir.dialects.properties import ints
from boltir.dialects.tensors import static_shape
from boltir.frontends.onnx.node import Node
from boltir.frontends.onnx.registry import converts
from boltir.frontends.onnx.reshaping import reshaped
from boltir.frontends.onnx.values import Value
from boltir.frontends.onnx.window import require_image


@converts("DepthToSpace")
def depth_to_space(node: Node) -> Value:
    x = node.tensor(0)
    n, c, h, w, block = _blocks(node, x)
    if c % (block * block):
        raise node.error(f"{c} channels do not divide into blocks of {block} x {block}")
    depth = c // (block * block)
    if node.attr_string("mode") == "CRD":
        split, order = (n, depth, block, block, h, w), (0, 1, 4, 2, 5, 3)
    else:
        split, order = (n, block, block, depth, h, w), (0, 3, 4, 1, 5, 2)
    moved = node.emit(TransposeOp, reshaped(node, x, split), permutation=ints(order))
    return reshaped(node, moved, (n, depth, h * block, w * block))


@converts("SpaceToDepth")
def space_to_depth(node: Node) -> Value:
    x = node.tensor(0)
    n, c, h, w, block = _blocks(node, x)
    if h % block or w % block:
        raise node.error(f"an image of {h} x {w} does not divide into blocks of {block} x {block}")
    split = reshaped(node, x, (n, c, h // block, block, w // block, block))
    moved = node.emit(TransposeOp, split, permutation=ints((0, 3, 5, 1, 2, 4)))
    return reshaped(node, moved, (n, block * block * c, h // block, w // block))


def _blocks(node: Node, x: SSAValue) -> tuple[int, int, int, int, int]:
    """N, C, H and W of an image, and the extent of a block."""
    h, w = require_image(node, static_shape(x))
    block = node.attr_int("blocksize")
    if block < 1:
        raise node.error(f"blocksize must be >= 1, got {block}")
    n, c = static_shape(x)[:2]
    return n, c, h, w, block
