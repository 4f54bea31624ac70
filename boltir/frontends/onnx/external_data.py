"""The files that hold the external data of an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import Message
from onnx import TensorProto

from boltir.frontends.onnx.proto import load_model


def external_files(model: Path) -> tuple[str, ...]:
    """The locations, relative to the model's folder, that its tensors name, wherever in the model they are.

    Raises:
        BoltError: it is no ONNX file that boltir reads.
    """
    tensors = _tensors(load_model(model).proto)
    entries = [entry for tensor in tensors for entry in tensor.external_data if entry.key == "location"]
    # Protobuf gives what is not UTF-8 as bytes.
    return tuple(dict.fromkeys(os.fsdecode(entry.value) for entry in entries))


def _tensors(message: Message) -> Iterator[TensorProto]:
    """All tensors in `message`: initializers, and attributes of nodes in graphs, subgraphs and functions."""
    if isinstance(message, TensorProto):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for child in [value] if isinstance(value, Message) else value:
                yield from _tensors(child)
