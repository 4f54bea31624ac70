"""What is launched for the networks that users deploy: every kernel by the operations it holds, in order.

A launch that appears here shows in the time of the smallest batches; whatever the exporter wrote, the list is the same.
"""

import pytest
from onnx import ModelProto

from boltir.compiler import Network, lower
from boltir.dialects.cutlass import LaunchOp
from boltir.dialects.fused.origin import origin_of
from boltir.frontends.onnx import import_onnx
from tests.support import quantized, shared_inputs, torch_exports, vision

OPSETS = pytest.mark.parametrize("opset", [17, torch_exports.NEWER])
"""Of torch's two exporters."""

ENCODER = [
    "batch_matmul bias_add",
    "attention",
    "batch_matmul bias_add add",
    "layer_norm",
    "batch_matmul bias_add gelu batch_matmul bias_add add",
    "layer_norm",
]
"""A layer of a transformer so small that one kernel feeds forward, and a layer norm of this part or the next one."""


def launched(model: ModelProto) -> list[str]:
    """The graph operations of each launch on an H100."""
    imported = import_onnx(model)
    module = lower(Network(imported.module, imported.weights), "cutlass", target="sm_90a").module
    origins = [origin_of(op) for op in module.walk() if isinstance(op, LaunchOp)]
    return [" ".join(name.removeprefix("graph.") for name in origin) for origin in origins]


@OPSETS
def test_bert(opset: int) -> None:
    launches = launched(torch_exports.bert(opset=opset))
    assert launches == ["gather add", "layer_norm", *ENCODER, *ENCODER[:-1], "layer_norm cast"]


@OPSETS
def test_an_attention_mask_costs_one_launch(opset: int) -> None:
    plain, masked = (launched(torch_exports.bert(masked=masked, opset=opset)) for masked in (False, True))
    assert sorted(masked) == sorted([*plain, "equal not where"])


@OPSETS
@pytest.mark.parametrize("torchvision", [False, True])
def test_vit(opset: int, torchvision: bool) -> None:
    """In the last layer only the class token is computed after attention: a slice cuts it out of the residual.

    So few rows make one tile, and their products run faster apart.
    """
    launches = launched(torch_exports.vit(torchvision=torchvision, opset=opset))
    stem = ["transpose cast", "gemm bias_add", "concat add", "layer_norm"]
    last = [*ENCODER[:2], "slice", *ENCODER[2:4], "batch_matmul bias_add gelu", "batch_matmul bias_add add"]
    assert launches == [*stem, *ENCODER, *last, "layer_norm", "gemm bias_add cast"]


RESIDUAL = ["conv2d bias_add relu", "conv2d bias_add add relu"]
DOWNSAMPLING = ["conv2d", "conv2d bias_add relu", "conv2d add bias_add relu"]
CLASSIFIER = ["global_avg_pool2d", "gemm bias_add cast"]


@OPSETS
def test_resnet(opset: int) -> None:
    stem = ["unfold cast", "conv2d bias_add relu", "max_pool2d"]
    stages = [*RESIDUAL, *RESIDUAL, *(DOWNSAMPLING + RESIDUAL) * 3]
    assert launched(vision.resnet18(size=64, opset=opset)) == [*stem, *stages, *CLASSIFIER]


@OPSETS
def test_a_gated_unit_is_one_launch(opset: int) -> None:
    """Each product scales its result by the root mean square of the rows, which are not normalised before."""
    launches = launched(shared_inputs.llama(layers=1, opset=opset))
    assert [launch for launch in launches if "silu" in launch] == ["batch_matmul mul batch_matmul mul silu mul"]


def test_the_halves_of_a_product_are_one_launch() -> None:
    halves = " ".join(["batch_matmul bias_add slice"] * 2)
    assert launched(shared_inputs.geglu_block()) == [
        "cast",
        "layer_norm",
        f"{halves} gelu mul",
        "batch_matmul bias_add add cast",
    ]


def test_products_of_one_input_are_one_launch_whatever_reads_them() -> None:
    """Attention reads the values in place; query and key go to layer norms."""
    joint = ["batch_matmul bias_add slice slice", "batch_matmul bias_add"]
    assert launched(shared_inputs.qk_norm())[1:] == [
        *joint,
        "layer_norm",
        "layer_norm",
        "attention",
        "batch_matmul bias_add cast",
    ]


def test_inception() -> None:
    """The convolution that writes its channels in place of the concat stays alone."""
    convolution = "conv2d bias_add relu"
    reductions = [convolution, "conv2d bias_add slice relu slice relu"]
    assert launched(shared_inputs.inception())[1:-2] == [*reductions, "max_pool2d", *[convolution] * 3]


def test_quantizing_costs_no_launch() -> None:
    convolutions = ["conv2d bias_add relu quantize dequantize cast", "conv2d bias_add quantize"]
    assert launched(quantized.quantized_cnn()) == ["transpose cast", *convolutions, "transpose"]


def test_vgg() -> None:
    stage = ["conv2d bias_add relu", "conv2d bias_add relu", "max_pool2d"]
    head = ["gemm bias_add relu", "gemm bias_add relu", "gemm bias_add cast"]
    assert launched(vision.vgg()) == ["unfold cast", *stage * 3, *head]


def test_repvgg_as_it_is_trained() -> None:
    """A convolution per block, whatever its branches."""
    launches = launched(vision.repvgg(size=32, widths=(16, 32, 32, 48)))
    assert launches == ["unfold cast", *["conv2d bias_add relu"] * 4, *CLASSIFIER]
