"""Reading ONNX files: the one place that meets damaged ones."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, TensorProto, inliner, numpy_helper
from onnx.checker import ValidationError

from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx.element_types import Array
from boltir.frontends.onnx.names import printable

OLDEST_OPSET = 11
NEWEST_OPSET = 22


@dataclass(frozen=True)
class Model:
    """A model in memory; tensors in external files are read when they are first needed."""

    proto: ModelProto
    opset: int
    folder: Path | None

    def array(self, tensor: TensorProto) -> Array:
        """The elements of `tensor`.

        Raises:
            BoltError: they are not all there.
        """
        where = f"tensor '{printable(tensor.name)}'"
        external = tensor.data_location == TensorProto.EXTERNAL
        if tensor.data_type == TensorProto.STRING:
            raise UnsupportedError("tensors of strings are not supported", where=where)
        if external and self.folder is None:
            raise BoltError("its bytes are in another file", where=where, hint="import the model by its path")
        try:
            return numpy_helper.to_array(tensor, str(self.folder or ""))
        except (ValidationError, ValueError, TypeError, KeyError, OSError, MemoryError, OverflowError) as error:
            hint = f"external data is looked for in {self.folder}" if external else "the file is damaged"
            raise BoltError(f"cannot read its elements: {_brief(error)}", where=where, hint=hint) from None


def load_model(source: str | os.PathLike[str] | bytes | ModelProto) -> Model:
    """Load a model and check what holds for all of it.

    Raises:
        BoltError: no such file, not a whole ONNX file, or an opset that boltir does not know.
    """
    if isinstance(source, ModelProto):
        return _checked(source, None, "model")
    if isinstance(source, bytes):
        return _checked(_parsed(source, "model"), None, "model")
    path = Path(source)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BoltError(f"cannot read the model: {error.strerror}", where=str(path)) from None
    return _checked(_parsed(content, str(path)), path.absolute().parent, str(path))


def _parsed(content: bytes, where: str) -> ModelProto:
    proto = ModelProto()
    try:
        proto.ParseFromString(content)
    except (DecodeError, UnicodeDecodeError):
        raise BoltError("not a whole ONNX file: truncated, damaged or of another format", where=where) from None
    return proto


def _checked(proto: ModelProto, folder: Path | None, where: str) -> Model:
    if not proto.HasField("graph"):
        raise BoltError("not a whole ONNX file: it holds no graph", where=where)
    versions = [entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions:
        raise BoltError("not a whole ONNX file: it does not say which opset it uses", where=where)
    opset = max(versions)
    if not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise UnsupportedError(
            f"the model uses opset {opset}, boltir reads {OLDEST_OPSET} to {NEWEST_OPSET}",
            where=where,
            hint="export it again with one of these, or convert it with onnx.version_converter",
        )
    if proto.functions:
        proto = _inlined(proto, where)
    _check_names(proto.graph, where)
    return Model(proto, opset, folder)


def _check_names(graph: GraphProto, where: str) -> None:
    """Protobuf gives names that are not UTF-8 as bytes, which "".join refuses."""
    try:
        "".join(tensor.name for tensor in graph.initializer)
        for value in (*graph.input, *graph.output):
            "".join((value.name, *(dim.dim_param for dim in value.type.tensor_type.shape.dim)))
        for node in graph.node:
            "".join((node.name, node.op_type, node.domain, *node.input, *node.output))
            "".join(text for attribute in node.attribute for text in (attribute.name, attribute.t.name))
    except TypeError:
        raise BoltError("the file is damaged: it holds a name that is not UTF-8", where=where) from None
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _check_names(attribute.g, where)


def _inlined(proto: ModelProto, where: str) -> ModelProto:
    """`proto` with calls to its own functions replaced by their bodies."""
    try:
        return inliner.inline_local_functions(proto)
    except Exception as error:  # the inliner is C++ and raises bare RuntimeErrors
        raise BoltError(f"cannot inline the model's functions: {_brief(error)}", where=where) from None


def _brief(error: BaseException) -> str:
    """The first line of an error's text."""
    return printable((str(error).splitlines() or [type(error).__name__])[0], 200)
