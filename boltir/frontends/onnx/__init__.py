"""ONNX models (opset 11 to 22) to the `graph` level."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

from boltir.collector import collector_paused
from boltir.errors import BoltError

if TYPE_CHECKING:
    from onnx import ModelProto

    from boltir.frontends.imported import ImportedModel


@collector_paused()
def import_onnx(
    model: str | os.PathLike[str] | bytes | ModelProto,
    *,
    input_shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> ImportedModel:
    """Import an ONNX model.

    Args:
        model: a file, the bytes of one, or a loaded model. External data is looked for beside the file.
        input_shapes: the shape of each input that has a dynamic dimension.

    Raises:
        BoltError: the file is missing, damaged or not ONNX; an input's shape is not known or does not fit;
            the model uses something that boltir does not support (an `UnsupportedError`).
    """
    if find_spec("onnx") is None:
        raise BoltError("reading ONNX needs the onnx package", hint="pip install 'boltir[onnx]'")
    from boltir.frontends.onnx.importer import import_model
    from boltir.frontends.onnx.proto import load_model

    return import_model(load_model(model), input_shapes or {})


__all__ = ["import_onnx"]
