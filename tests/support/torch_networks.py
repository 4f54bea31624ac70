"""The networks that users deploy, as torch modules with random weights, and their ONNX exports.

torch, torchvision, timm and transformers are only where a GPU is; they are imported when a network is built.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Size = tuple[int, ...]
"""Of an image network: (batch,); of a token network: (batch, sequence length)."""

VOCABULARY = 30522  # BERT's


def _torch() -> Any:
    return importlib.import_module("torch")


@dataclass(frozen=True)
class TorchNetwork:
    """A network of a Python library.

    Attributes:
        module: builds it, in fp32 on the CPU, in inference mode.
        sizes: the input sizes it is measured at.
        inputs: random inputs of a size, from a seed; on the CPU.
    """

    name: str
    module: Callable[[], Any]
    sizes: tuple[Size, ...]
    inputs: Callable[[Size, int], tuple[Any, ...]]

    def build(self) -> Any:
        """The module, with the same random weights each time."""
        _torch().manual_seed(0)
        return self.module().eval().requires_grad_(False)

    def export(self, size: Size, path: Path, *, dynamo: bool = True) -> None:
        """Write the network as ONNX for inputs of `size`, by torch's newer or (without `dynamo`) its older exporter."""
        options: dict[str, Any] = {"verbose": False} if dynamo else {"opset_version": 17}
        arguments = self.inputs(size, 0)
        _torch().onnx.export(self.build(), arguments, str(path), dynamo=dynamo, **options)


def _images(size: Size, seed: int) -> tuple[Any, ...]:
    torch = _torch()
    return (torch.randn(size[0], 3, 224, 224, generator=torch.Generator().manual_seed(seed)),)


def _tokens(size: Size, seed: int) -> tuple[Any, ...]:
    torch = _torch()
    return (torch.randint(0, VOCABULARY, size, generator=torch.Generator().manual_seed(seed)),)


def _masked_tokens(size: Size, seed: int) -> tuple[Any, ...]:
    """Token ids, and a mask under which every sequence but the first ends early."""
    torch = _torch()
    lengths = torch.linspace(size[1], 1 + size[1] // 2, size[0]).long()
    return (*_tokens(size, seed), (torch.arange(size[1]) < lengths[:, None]).long())


def _torchvision(name: str) -> Any:
    module = importlib.import_module("torchvision").models.get_model(name, weights=None)
    if hasattr(module, "heads"):  # its vision transformers start with a classifier of zeros
        _torch().nn.init.normal_(module.heads.head.weight, std=0.02)
    return module


def _timm(name: str) -> Any:
    return importlib.import_module("timm").create_model(name)


def _repvgg(name: str) -> Any:
    """In the form in which it is deployed: one convolution per block."""
    return importlib.import_module("timm.utils.model").reparameterize_model(_timm(name).eval())


def _bert() -> Any:
    torch, transformers = _torch(), importlib.import_module("transformers")

    class LastHiddenState(torch.nn.Module):
        def __init__(self) -> None:
            torch.nn.Module.__init__(self)
            self.bert = transformers.BertModel(transformers.BertConfig(), add_pooling_layer=False)

        def forward(self, input_ids: Any, attention_mask: Any = None) -> Any:
            return self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return LastHiddenState()


_IMAGE_SIZES: tuple[Size, ...] = ((1,), (32,))
_TOKEN_SIZES: tuple[Size, ...] = ((32, 40), (8, 128))


def _image_network(name: str, build: Callable[[str], Any], spelling: str | None = None) -> TorchNetwork:
    return TorchNetwork(name, lambda: build(spelling or name), _IMAGE_SIZES, _images)


TORCH_NETWORKS = {
    network.name: network
    for network in (
        _image_network("resnet18", _torchvision),
        _image_network("resnet50", _torchvision),
        _image_network("vgg16", _torchvision),
        _image_network("vgg19", _torchvision),
        _image_network("repvgg_a0", _repvgg),
        _image_network("repvgg_b0", _repvgg),
        TorchNetwork("bert_base", _bert, _TOKEN_SIZES, _tokens),
        _image_network("vit_b_16", _timm, "vit_base_patch16_224"),
    )
}
"""What benchmarks measure, by name."""

VARIANTS = {
    network.name: network
    for network in (
        TorchNetwork("bert_base_masked", _bert, _TOKEN_SIZES, _masked_tokens),
        _image_network("vit_b_16_torchvision", _torchvision, "vit_b_16"),
        _image_network("repvgg_a0_training", _timm, "repvgg_a0"),
    )
}
"""Other ways to write some of the networks; what tests check beside them."""
