"""Networks for tests: small, with random weights, and built of what torch.onnx exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, TensorProto, ValueInfoProto
from onnxruntime import InferenceSession
from PIL import Image, ImageDraw, ImageFont

from tests.support import torch_exports
from tests.support.shared_inputs import geglu_block, inception, llama, qk_norm
from tests.support.transformers import bert, gpt, vit
from tests.support.vision import densenet, mobilenet_v3, repvgg, resnet18, resnet50, unet, vgg

Array = npt.NDArray[Any]

CLASSIFIER_FILE = "models/ch_ppocr_mobile_v2.0_cls_infer.onnx"
CLASSIFIER_LOGITS = "linear_1.tmp_1"

NETWORKS: Mapping[str, Callable[[], ModelProto]] = {
    "resnet18": resnet18,
    "resnet18-dynamo": partial(resnet18, opset=torch_exports.NEWER),
    "resnet50": resnet50,
    "vgg": vgg,
    "repvgg": repvgg,
    "mobilenet_v3": mobilenet_v3,
    "mobilenet_v3-opset13": partial(mobilenet_v3, opset=13),
    "densenet": densenet,
    "unet": unet,
    "bert": bert,
    "bert-opset13": partial(bert, opset=13),
    "gpt": gpt,
    "vit": vit,
    "vit-opset16": partial(vit, opset=16),
    "llama": llama,
    "geglu": geglu_block,
    "qk_norm": qk_norm,
    "inception": inception,
    "timm_vit": torch_exports.vit,
    "timm_vit-dynamo": partial(torch_exports.vit, opset=torch_exports.NEWER),
    "torchvision_vit": partial(torch_exports.vit, torchvision=True),
    "torchvision_vit-dynamo": partial(torch_exports.vit, torchvision=True, opset=torch_exports.NEWER),
    "masked_bert": partial(torch_exports.bert, masked=True),
    "masked_bert-dynamo": partial(torch_exports.bert, masked=True, opset=torch_exports.NEWER),
}
"""Builders by name."""


def classifier_path() -> Path:
    """The text-direction classifier, a trained network.

    Raises:
        FileNotFoundError: the package that holds it is not installed.
    """
    spec = find_spec("rapidocr_onnxruntime")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("rapidocr-onnxruntime is not installed: `make test` installs it")
    return Path(spec.origin).parent / CLASSIFIER_FILE


def classifier_with_logits() -> ModelProto:
    """The classifier with what is before its softmax, which saturates, as a second output."""
    model = ModelProto.FromString(classifier_path().read_bytes())
    model.graph.output.append(ValueInfoProto(name=CLASSIFIER_LOGITS))
    return model


def picture(text: str, *, upside_down: bool = False) -> Array:
    """A line of text as the classifier takes it: 1x3x48x192, from -1 (black) to 1 (white)."""
    image = Image.new("L", (192, 48), "white")
    ImageDraw.Draw(image).text((8, 2), text, fill="black", font=ImageFont.load_default(size=36))
    pixels = np.asarray(image, np.float32)[:: -1 if upside_down else 1, :: -1 if upside_down else 1]
    return np.ascontiguousarray(np.broadcast_to(pixels / 127.5 - 1, (1, 3, 48, 192)))


def random_inputs(model: ModelProto) -> dict[str, Array]:
    """Inputs by name: normal numbers, or for integers 0 and 1, of which the first is 1."""
    random = np.random.default_rng(1)
    inputs: dict[str, Array] = {}
    for value in model.graph.input:
        kind = value.type.tensor_type
        shape = tuple(dim.dim_value for dim in kind.shape.dim)
        if kind.elem_type == TensorProto.INT64:
            inputs[value.name] = random.integers(0, 2, shape, np.int64)
            inputs[value.name].flat[0] = 1
        else:
            inputs[value.name] = random.standard_normal(shape, dtype=np.float32)
    return inputs


def reference(model: ModelProto, inputs: Mapping[str, Array]) -> list[Array]:
    """What onnxruntime computes."""
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return [np.asarray(output) for output in session.run(None, dict(inputs))]


def relative_error(result: Array, expected: Array) -> float:
    """||result - expected|| / ||expected||; infinite if the result holds a NaN or has another shape."""
    if result.shape != expected.shape:
        return float("inf")
    error = float(np.linalg.norm(result.astype(np.float64) - expected) / np.linalg.norm(expected.astype(np.float64)))
    return error if np.isfinite(error) else float("inf")
