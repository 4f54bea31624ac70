"""Compiling takes time in proportion to the network."""

import time

from boltir.compiler import Network, lower
from boltir.frontends.onnx import import_onnx
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from tests.support.vision import residual_chain


def seconds_per_node(nodes: int) -> float:
    """Processor time from ONNX to CUDA text."""
    model = residual_chain(nodes)
    start = time.process_time()
    imported = import_onnx(model)
    emit_cuda(lower(Network(imported.module, imported.weights)).module)
    return (time.process_time() - start) / nodes


def test_the_default_pipeline_is_linear() -> None:
    """benchmarks/compile_speed.py goes on to 10,000 nodes."""
    seconds_per_node(10)  # imports
    small = min(seconds_per_node(200) for _ in range(2))
    assert seconds_per_node(2000) < 2 * small
