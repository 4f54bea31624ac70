"""`#cutlass.chain_gemm_simt`: dependent products of a few columns, on the ordinary cores: a thread computes a row."""

from itertools import pairwise

from xdsl.dialects.builtin import IntAttr
from xdsl.irdl import irdl_attr_definition

from boltir.dialects.cutlass.chain import ChainGemmOfExtents
from boltir.dialects.cutlass.matrix import LayoutAttr, require
from boltir.dialects.cutlass.simt import check_vector

MOST_COLUMNS = 32
"""Of every matrix: a row of A and those of two products are in a thread's registers."""


@irdl_attr_definition
class ChainGemmSimtAttr(ChainGemmOfExtents):
    """D = epilogue_1(epilogue_0(A @ B_0) @ B_1), and so on. All sizes but the rows are known to the compiler.

    Attributes:
        vector: elements of A, and of D, that one access moves at most.
        layout_b: of every B.
    """

    name = "cutlass.chain_gemm_simt"
    vector: IntAttr
    layout_b: LayoutAttr

    @property
    def weights(self) -> int:
        """Elements of all B."""
        return sum(k * n for k, n in pairwise(self.extents.data))

    def verify(self) -> None:
        extents, vector = self.extents.data, self.vector.data
        self.check_products()
        require(
            all(0 < extent <= MOST_COLUMNS for extent in extents),
            f"extents are from 1 to {MOST_COLUMNS}, got {list(extents)}",
        )
        check_vector("vector", vector)
        for extent in (extents[0], extents[-1]):
            require(extent % vector == 0, f"vector must divide the rows of A and D, got {vector} for {extent} elements")
