"""A network at the cutlass level for what loads and runs artifacts: y = x * w * w, by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.parser import Parser

from boltir.compiler import compiler_context
from boltir.lowering.cutlass_to_cuda.emit import emit_cuda
from boltir.runtime.artifact import build_artifact
from boltir.runtime.build import Builder
from boltir.weights import WeightStore

KERNEL = """
  cutlass.kernel @multiply "{target}" #cutlass.pointwise<inputs = 0, vector = 1, rank = 1, strided = [], innermost = []>
      [] epilogue [f32, f32] [full, full] -> [f32] {{
  ^bb0(%0: f32, %1: f32):
    %2 = arith.mulf %0, %1 : f32
    fused.yield %2 : f32
  }}"""

KERNEL_ON_CPU = f"""#include "{Path(__file__).parent}/fake_cuda/fake_cudart.h"
extern "C" int boltir_multiply(void* const* operands, const int64_t* integers, void* stream) {{
  const auto *a = static_cast<const float*>(operands[0]), *b = static_cast<const float*>(operands[1]);
  auto* result = static_cast<float*>(operands[2]);
  const int64_t count = integers[0];
  return fake_launch(stream, [=] {{ for (int64_t i = 0; i < count; ++i) result[i] = a[i] * b[i]; }});
}}
"""


@dataclass(frozen=True)
class SmallProgram:
    """A chain of launches, each of which multiplies by the one weight.

    Launch i computes the graph operations `first<i>` and `second<i>`. The arena holds one buffer per
    intermediate tensor, and a page before them.
    """

    shape: tuple[int, int] = (4, 8)
    launches: int = 2
    input_name: str = "x"
    output_name: str = "y"

    @property
    def elements(self) -> int:
        return self.shape[0] * self.shape[1]

    @property
    def buffer_bytes(self) -> int:
        """Of a tensor in the arena: a multiple of 256."""
        return -(-4 * self.elements // 256) * 256

    @property
    def arena_bytes(self) -> int:
        return 4096 + (self.launches - 1) * self.buffer_bytes

    @property
    def weight(self) -> npt.NDArray[np.float32]:
        return np.linspace(0.5, 1.5, self.elements, dtype=np.float32).reshape(self.shape)

    def expected(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """What the network makes of `x`, exactly."""
        for _ in range(self.launches):
            x = x * self.weight
        return x

    def module(self, target: str) -> ModuleOp:
        """The network for `target`."""
        kind, arena = f"memref<{self.shape[0]}x{self.shape[1]}xf32>", f"memref<{self.arena_bytes}xi8>"
        body = [f"%arena = cutlass.arena : {arena}", f"%w = cutlass.weight @w : {kind}"]
        for i in range(1, self.launches):
            offset = 4096 + (i - 1) * self.buffer_bytes
            body.append(f"%t{i} = cutlass.view %arena {{offset = {offset} : i64}} : {arena} -> {kind}")
        values = ["%x", *(f"%t{i}" for i in range(1, self.launches)), "%y"]
        for i, (source, result) in enumerate(pairwise(values)):
            body.append(
                f"cutlass.launch @multiply <size_0 = {self.elements}> epilogue({source}, %w : {kind}, {kind})"
                f' outs({result} : {kind}) {{"fused.origin" = ["first{i}", "second{i}"]}}'
            )
        function = f'func.func @main(%x: {kind}, %y: {kind}) attributes {{"cutlass.outputs" = 1 : i64}}'
        text = "\n    ".join([f"{KERNEL.format(target=target)}\n  {function} {{", *body, "func.return"])
        module = Parser(compiler_context(), f"builtin.module {{{text}\n  }}\n}}").parse_module()
        module.attributes["cutlass.target"] = StringAttr(target)
        module.attributes["graph.input_names"] = ArrayAttr([StringAttr(self.input_name)])
        module.attributes["graph.output_names"] = ArrayAttr([StringAttr(self.output_name)])
        module.verify()
        return module

    def build(self, folder: Path, builder: Builder, *, on_cpu: bool = False) -> Path:
        """The artifact at `folder`; on the CPU with a kernel that the fake CUDA runtime runs."""
        sources = emit_cuda(self.module(builder.target.name))
        if on_cpu:
            sources = replace(sources, kernels={"multiply": KERNEL_ON_CPU})
        return build_artifact(sources, WeightStore(added={"w": self.weight}), folder, builder).folder
