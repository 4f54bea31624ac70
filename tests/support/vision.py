"""Convolutional networks as torch.onnx exports them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from onnx import ModelProto

from tests.support.onnx_model import OnnxModel


def conv(
    model: OnnxModel,
    x: str,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    bias: bool = True,
) -> str:
    """A convolution that keeps the size, up to its stride."""
    name = f"conv_{len(model.graph.node)}"
    weights = [model.weight(f"{name}.weight", outputs, inputs // groups, kernel, kernel)]
    if bias:
        weights.append(model.vector(f"{name}.bias", outputs))
    pad = kernel // 2
    window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "dilations": [1, 1], "pads": [pad] * 4}
    return model.node("Conv", x, *weights, group=groups, **window)


def batch_norm(model: OnnxModel, x: str, channels: int) -> str:
    name = f"bn_{len(model.graph.node)}"
    ranges = {"weight": (0.5, 1.2), "bias": (-0.2, 0.2), "running_mean": (-0.2, 0.2), "running_var": (0.6, 1.5)}
    vectors = [model.vector(f"{name}.{kind}", channels, *bounds) for kind, bounds in ranges.items()]
    return model.node("BatchNormalization", x, *vectors, epsilon=1e-5, momentum=0.9)


def conv_norm(
    model: OnnxModel, x: str, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> str:
    """A convolution without bias and a batch normalisation."""
    return batch_norm(model, conv(model, x, inputs, outputs, kernel, stride, groups, bias=False), outputs)


def max_pool(model: OnnxModel, x: str, kernel: int, stride: int, pad: int = 0) -> str:
    window = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [pad] * 4}
    return model.node("MaxPool", x, ceil_mode=0, **window)


def classifier(model: OnnxModel, x: str, channels: int, classes: int = 10) -> str:
    """Global average pooling and a linear layer; the newer exporter of torch takes the mean instead."""
    if model.opset >= 20:
        mean = model.node("ReduceMean", x, model.integers(-1, -2), keepdims=1)
        return linear(model, model.node("Reshape", mean, model.integers(-1, channels)), channels, classes)
    pooled = model.node("Flatten", model.node("GlobalAveragePool", x), axis=1)
    return linear(model, pooled, channels, classes)


def linear(model: OnnxModel, x: str, inputs: int, outputs: int) -> str:
    """A fully connected layer on a matrix."""
    name = f"fc_{len(model.graph.node)}"
    weights = model.weight(f"{name}.weight", outputs, inputs), model.vector(f"{name}.bias", outputs)
    return model.node("Gemm", x, *weights, alpha=1.0, beta=1.0, transB=1)


def resnet_stem(model: OnnxModel, size: int, channels: int) -> str:
    x = model.input("input", (1, 3, size, size))
    x = model.node("Relu", conv_norm(model, x, 3, channels, 7, stride=2))
    return max_pool(model, x, 3, 2, pad=1)


def resnet18(size: int = 32, width: int = 8, opset: int = 17) -> ModelProto:
    """ResNet-18: basic blocks, two in each of four stages; `width` is 64 in the real one."""
    model = OnnxModel(opset)
    x, inputs = resnet_stem(model, size, width), width
    for stage in range(4):
        outputs = width << stage
        for block in range(2):
            stride = 2 if stage and not block else 1
            shortcut = x if inputs == outputs else conv_norm(model, x, inputs, outputs, 1, stride)
            y = model.node("Relu", conv_norm(model, x, inputs, outputs, 3, stride))
            y = conv_norm(model, y, outputs, outputs, 3)
            x, inputs = model.node("Relu", model.node("Add", y, shortcut)), outputs
    return model.build(output=classifier(model, x, inputs))


def resnet50(size: int = 32, width: int = 8, classes: int = 10) -> ModelProto:
    """ResNet-50 with its 53 convolutions; the real one has size 224, width 64 and 1000 classes."""
    model = OnnxModel()
    x, inputs = resnet_stem(model, size, width), width
    for stage, blocks in enumerate((3, 4, 6, 3)):
        inner, outputs = width << stage, 4 * width << stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            shortcut = x if block else conv_norm(model, x, inputs, outputs, 1, stride)
            y = model.node("Relu", conv_norm(model, x, inputs, inner, 1))
            y = model.node("Relu", conv_norm(model, y, inner, inner, 3, stride))
            y = conv_norm(model, y, inner, outputs, 1)
            x, inputs = model.node("Relu", model.node("Add", y, shortcut)), outputs
    return model.build(output=classifier(model, x, inputs, classes))


def vgg(
    size: int = 16,
    widths: Sequence[int] = (8, 16, 32),
    depths: Sequence[int] = (2, 2, 2),
    hidden: int = 48,
    classes: int = 10,
) -> ModelProto:
    """VGG: as many biased convolutions before each pooling as `depths` says, then three linear layers."""
    model = OnnxModel(opset=13)
    x, inputs = model.input("input", (2, 3, size, size)), 3
    for outputs, depth in zip(widths, depths, strict=True):
        for _ in range(depth):
            x, inputs = model.node("Relu", conv(model, x, inputs, outputs, 3)), outputs
        x = max_pool(model, x, 2, 2)
    features = widths[-1] * (size >> len(widths)) ** 2
    # What an adaptive pooling becomes that finds the image as small as it wants it.
    x = model.node(
        "AveragePool", x, kernel_shape=[1, 1], strides=[1, 1], pads=[0] * 4, ceil_mode=0, count_include_pad=1
    )
    x = model.node("Flatten", x, axis=1)
    x = model.node("Relu", linear(model, x, features, hidden))
    x = model.node("Relu", linear(model, x, hidden, hidden))
    return model.build(output=linear(model, x, hidden, classes))


def repvgg(size: int = 16, widths: Sequence[int] = (8, 16, 16, 24)) -> ModelProto:
    """RepVGG as it is trained: a 3x3, a 1x1 and an identity branch, each with a batch normalisation."""
    model = OnnxModel(opset=15)
    x, inputs = model.input("input", (1, 3, size, size)), 3
    for outputs in widths:
        stride = 1 if inputs == outputs else 2
        branches = [conv_norm(model, x, inputs, outputs, kernel, stride) for kernel in (3, 1)]
        total = model.node("Add", *branches)
        if inputs == outputs:
            total = model.node("Add", total, batch_norm(model, x, inputs))
        x, inputs = model.node("Relu", total), outputs
    return model.build(output=classifier(model, x, inputs))


def hard_swish(model: OnnxModel, x: str) -> str:
    """The operator, or its formula where the opset has no operator."""
    if model.opset >= 14:
        return model.node("HardSwish", x)
    clipped = model.node("Clip", model.node("Add", x, model.number(3.0)), model.number(0.0), model.number(6.0))
    return model.node("Div", model.node("Mul", x, clipped), model.number(6.0))


def squeeze_excite(model: OnnxModel, x: str, channels: int, squeezed: int) -> str:
    gate = model.node("GlobalAveragePool", x)
    gate = model.node("Relu", conv(model, gate, channels, squeezed, 1))
    gate = conv(model, gate, squeezed, channels, 1)
    return model.node("Mul", model.node("HardSigmoid", gate, alpha=1 / 6), x)


def mobilenet_v3(size: int = 32, opset: int = 17) -> ModelProto:
    """MobileNetV3: inverted residuals with depthwise convolutions, squeeze-and-excitation and hard-swish."""
    model = OnnxModel(opset)
    x = hard_swish(model, conv_norm(model, model.input("input", (1, 3, size, size)), 3, 8, 3, stride=2))
    blocks = [(16, 8, 3, 1, True), (24, 12, 3, 2, False), (40, 12, 5, 1, True), (40, 20, 5, 2, True)]
    inputs = 8
    for index, (expanded, outputs, kernel, stride, squeezes) in enumerate(blocks):
        y = conv_norm(model, x, inputs, expanded, 1)
        y = hard_swish(model, y) if index > 1 else model.node("Relu", y)
        y = conv_norm(model, y, expanded, expanded, kernel, stride, groups=expanded)
        y = hard_swish(model, y) if index > 1 else model.node("Relu", y)
        y = squeeze_excite(model, y, expanded, 8) if squeezes else y
        y = conv_norm(model, y, expanded, outputs, 1)
        x, inputs = model.node("Add", x, y) if inputs == outputs and stride == 1 else y, outputs
    x = hard_swish(model, conv_norm(model, x, inputs, 48, 1))
    x = hard_swish(model, linear(model, model.node("Flatten", model.node("GlobalAveragePool", x)), 48, 32))
    return model.build(output=linear(model, x, 32, 10))


def unet(size: int = 16, width: int = 8) -> ModelProto:
    """U-Net: skips by concatenation; goes up by a transposed convolution and by a bilinear resize."""
    model = OnnxModel(opset=16)

    def twice(x: str, inputs: int, outputs: int) -> str:
        x = model.node("Relu", conv_norm(model, x, inputs, outputs, 3))
        return model.node("Relu", conv_norm(model, x, outputs, outputs, 3))

    top = twice(model.input("image", (1, 3, size, size)), 3, width)
    middle = twice(max_pool(model, top, 2, 2), width, 2 * width)
    bottom = twice(max_pool(model, middle, 2, 2), 2 * width, 4 * width)
    up = [model.weight("up.weight", 4 * width, 2 * width, 2, 2), model.vector("up.bias", 2 * width)]
    x = model.node("ConvTranspose", bottom, *up, kernel_shape=[2, 2], strides=[2, 2])
    x = twice(model.node("Concat", middle, x, axis=1), 4 * width, 2 * width)
    scales = model.constant(np.array([1, 1, 2, 2], np.float32))
    x = model.node("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")
    x = twice(model.node("Concat", top, x, axis=1), 3 * width, width)
    return model.build(mask=model.node("Sigmoid", conv(model, x, width, 1, 1)))


def densenet(size: int = 8, growth: int = 4, layers: int = 20) -> ModelProto:
    """One dense block of DenseNet: each layer reads all features before it, joined by a Concat of up to 21 tensors."""
    model = OnnxModel()
    features = [conv(model, model.input("input", (1, 3, size, size)), 3, 2 * growth, 3, bias=False)]
    for layer in range(layers):
        channels = (layer + 2) * growth
        joined = model.node("Concat", *features, axis=1) if layer else features[0]
        x = model.node("Relu", batch_norm(model, joined, channels))
        x = model.node("Relu", conv_norm(model, x, channels, 2 * growth, 1))
        features.append(conv(model, x, 2 * growth, growth, 3, bias=False))
    channels = (layers + 2) * growth
    x = model.node("Relu", batch_norm(model, model.node("Concat", *features, axis=1), channels))
    return model.build(output=classifier(model, x, channels))


def residual_chain(nodes: int, channels: int = 8, size: int = 4) -> ModelProto:
    """A network of any number of nodes: convolution, ReLU, addition of an earlier value, tanh and pooling, repeated."""
    model = OnnxModel()
    x = earlier = model.input("input", (1, channels, size, size))
    weight, bias = model.weight("weight", channels, channels, 3, 3), model.vector("bias", channels)
    steps: tuple[Callable[[str, str], str], ...] = (
        lambda x, _: model.node("Conv", x, weight, bias, kernel_shape=[3, 3], pads=[1] * 4),
        lambda x, _: model.node("Relu", x),
        lambda x, earlier: model.node("Add", x, earlier),
        lambda x, _: model.node("Tanh", x),
        lambda x, _: max_pool(model, x, 3, 1, pad=1),
    )
    for index in range(nodes - 1):
        step = index % len(steps)
        x, earlier = steps[step](x, earlier), x if step == 0 else earlier
    return model.build(output=x)
