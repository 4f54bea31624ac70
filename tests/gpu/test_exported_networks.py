"""Networks of torchvision, timm and transformers, exported and compiled, give what torch gives in fp32."""

import importlib
from pathlib import Path
from typing import Any

import pytest

import boltir
from tests.gpu.target import gpu_target
from tests.support.torch_networks import TORCH_NETWORKS, VARIANTS, Size, TorchNetwork

IMAGES: tuple[Size, ...] = ((1,), (3,), (32,))
TOKENS: tuple[Size, ...] = ((1, 40), (3, 40), (32, 40), (8, 128))
CASES = [
    pytest.param(network, size, id="-".join((network.name, *map(str, size))))
    for network in TORCH_NETWORKS.values()
    for size in (IMAGES if len(network.sizes[0]) == 1 else TOKENS)
]
VARIANT_CASES = [
    *(pytest.param(network, (3, *network.sizes[0][1:]), True, id=network.name) for network in VARIANTS.values()),
    *(
        pytest.param(TORCH_NETWORKS[name], (3, *TORCH_NETWORKS[name].sizes[0][1:]), False, id=f"{name}-older-exporter")
        for name in ("resnet18", "bert_base", "vit_b_16")
    ),
]


def compile_export(network: TorchNetwork, size: Size, folder: Path, *, dynamo: bool = True) -> boltir.Model:
    model = folder / "model.onnx"
    network.export(size, model, dynamo=dynamo)
    boltir.compile(boltir.import_onnx(model), folder / "artifact", target=gpu_target())
    return boltir.load(folder / "artifact")


def check(network: TorchNetwork, size: Size, model: boltir.Model) -> None:
    """Fresh inputs into poisoned outputs; then the same answers from two instances at once, and from a captured run."""
    torch: Any = importlib.import_module("torch")
    torch.backends.cudnn.allow_tf32 = False
    module = network.build().cuda()
    inputs = [tuple(tensor.cuda() for tensor in network.inputs(size, seed)) for seed in (11, 12)]
    results: list[Any] = []
    for tensors in inputs:
        expected = module(*tensors)
        result = torch.full_like(expected, float("nan"))
        model(tensors, outputs=[result])
        assert (result - expected).abs().max() / expected.abs().max() < 1e-2
        results.append(result)
    clone = model.clone()
    streams = [torch.cuda.Stream() for _ in inputs]
    torch.cuda.synchronize()
    concurrent = [
        instance(tensors, stream=stream)[0]
        for _ in range(5)
        for instance, tensors, stream in zip((model, clone), inputs, streams, strict=True)
    ]
    torch.cuda.synchronize()
    for number, result in enumerate(concurrent):
        assert torch.equal(result, results[number % 2])
    captured = model.capture(inputs[1])
    captured.replay(torch.cuda.current_stream())
    torch.cuda.synchronize()
    assert torch.equal(captured.outputs[0], results[1])


@pytest.mark.parametrize(("network", "size"), CASES)
def test_network(network: TorchNetwork, size: Size, tmp_path: Path) -> None:
    check(network, size, compile_export(network, size, tmp_path))


@pytest.mark.parametrize(("network", "size", "dynamo"), VARIANT_CASES)
def test_variant(network: TorchNetwork, size: Size, dynamo: bool, tmp_path: Path) -> None:
    check(network, size, compile_export(network, size, tmp_path, dynamo=dynamo))
