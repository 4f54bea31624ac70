"""Kernels as text: their identity, whatever a model calls them, and several of them as one translation unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from boltir.runtime.compile_cache import content_key


@dataclass(frozen=True)
class KernelSource:
    """One generated kernel: a translation unit that defines `boltir_<name>` and nothing else with linkage.

    Apart from that symbol and the namespace `boltir_<name>_detail`, the text must not depend on the
    name: two models that need the same kernel then share its object file.
    """

    name: str
    source: str

    def renamed(self, symbol: str) -> str:
        """The source with the entry point called `symbol`."""
        return re.sub(rf"\bboltir_{self.name}(?=_detail\b|\b)", symbol, self.source)


@dataclass(frozen=True)
class CachedKernel:
    """A kernel under the name it has in the cache: its content's."""

    kernel: KernelSource
    key: str

    @staticmethod
    def of(kernel: KernelSource, fingerprint: str) -> CachedKernel:
        """`kernel` as compiled by the tools and flags that `fingerprint` stands for."""
        return CachedKernel(kernel, content_key(kernel.renamed("boltir_kernel"), fingerprint))

    @property
    def symbol(self) -> str:
        """The entry point in the object file."""
        return f"boltir_kernel_{self.key[:32]}"


_PARAMETERS = "void* const* pointers, const int64_t* parameters, void* stream"


def batch_source(kernels: Sequence[CachedKernel]) -> str:
    """One translation unit that defines all `kernels`; diagnostics name the kernel's file."""
    return "".join(f'#line 1 "{k.kernel.name}.cu"\n{k.kernel.renamed(k.symbol)}\n' for k in kernels)


def entry_points(kernels: Sequence[CachedKernel]) -> str:
    """C++ that gives each kernel the name its model calls it by."""
    lines = ["#include <cstdint>"]
    for symbol in dict.fromkeys(kernel.symbol for kernel in kernels):
        lines.append(f'extern "C" int {symbol}({_PARAMETERS});')
    for kernel in kernels:
        call = f"return {kernel.symbol}(pointers, parameters, stream);"
        lines.append(f'extern "C" int boltir_{kernel.kernel.name}({_PARAMETERS}) {{ {call} }}')
    return "\n".join(lines) + "\n"


def user_names(text: str, kernels: Sequence[CachedKernel]) -> str:
    """`text` (a compiler's output) with the kernels under their model's names."""
    for kernel in kernels:
        text = text.replace(kernel.symbol, f"boltir_{kernel.kernel.name}")
    return text
