"""What families of templates say to a kernel as a whole, stores and general operands included."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from xdsl.utils.exceptions import VerifyException

from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import Along, FusedOp, ReducedAttr
from boltir.dialects.tensors import Shape
from boltir.lowering.fused_to_cutlass.family import check_rows_of_tiles
from boltir.lowering.fused_to_cutlass.kernels import kernel_signature
from boltir.lowering.fused_to_cutlass.selection import Refusal, Selection
from boltir.lowering.fused_to_cutlass.selectors import answers
from boltir.lowering.fused_to_cutlass.stores import epilogue_integers
from boltir.passes.split_stores import plain_kernel, special_stores
from boltir.target import Target


def whole_answers(op: FusedOp, target: Target) -> Iterator[Selection | Refusal]:
    """What each family says to `op`, the preferred one first; selections hold all launch integers."""
    return (completed(answer, op) for answer in answers(op, target))


def completed(answer: Selection | Refusal, op: FusedOp) -> Selection | Refusal:
    """`answer` with the launch integers of stores and general operands, or the rule that these break."""
    if isinstance(answer, Refusal):
        return answer
    signature = kernel_signature(op, answer.template)
    if not signature.launch_parameters and not signature.stores:
        return answer
    given = epilogue_integers(op)
    integers = {**answer.arguments, **{name: given[name] for name in signature.launch_parameters}}
    try:
        answer.template.check_launch(integers)
        for store in op.output_stores:
            if isinstance(store, ReducedAttr):
                _check_tiles(store, op.result_shape, answer.template, integers)
    except VerifyException as error:
        return Refusal(str(error))
    return replace(answer, arguments=integers)


def _check_tiles(store: ReducedAttr, result: Shape, template: TemplateAttr, integers: Mapping[str, int]) -> None:
    """Whether the values of a kernel's tiles, in their order, are those of `store` or can be finished to them."""
    (batch, rows, _), (tile_rows, tile_columns) = template.result_extents(integers), template.result_tile
    by_rows = store.along.data is Along.ROWS
    extent, tile = (batch * rows, tile_rows) if by_rows else (result[-1], tile_columns)
    if store.group.data < extent and store.group.data != tile:
        raise VerifyException(f"tiles of {tile} {store.along.data.value} do not make groups of {store.group.data}")
    if by_rows:
        check_rows_of_tiles(template, integers)


def refused_stores(op: FusedOp, target: Target) -> tuple[int, ...]:
    """The numbers of the outputs whose stores keep the preferred family from serving `op`, if nothing else does."""
    refused = special_stores(op)
    if not refused or not _serves_plain(op, refused, target):
        return ()
    for position in refused:
        fewer = tuple(other for other in refused if other != position)
        if fewer and _serves_plain(op, fewer, target):
            refused = fewer
    return refused


def _serves_plain(op: FusedOp, positions: Collection[int], target: Target) -> bool:
    """Whether the preferred family serves `op` with all elements for the outputs at `positions`."""
    trial, _ = plain_kernel(op, positions, op.epilogue.clone())
    answer = next(whole_answers(trial, target))
    trial.erase()
    return isinstance(answer, Selection)
