"""A family of templates for one operation: everything is decided but the mainloop, which the cost model ranks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from xdsl.utils.exceptions import VerifyException

from boltir.cost_model import Estimate, estimate
from boltir.cost_model.tile_order import tile_order
from boltir.dialects.cutlass.gemm_unaligned import GemmUnalignedAttr
from boltir.dialects.cutlass.matrix import Math
from boltir.dialects.cutlass.sm90 import MOST_SLICES, RASTERS, SWIZZLES, Schedule, Sm90Attr
from boltir.dialects.cutlass.template import KernelSignature, ParameterValue, TemplateAttr
from boltir.dialects.cutlass.tensor_op import TensorOpAttr
from boltir.dialects.fused import Along
from boltir.lowering.fused_to_cutlass.mainloops import Mainloop
from boltir.target import Target

MatrixTemplate = Sm90Attr | TensorOpAttr | GemmUnalignedAttr


@dataclass(frozen=True)
class Candidate:
    """A legal template with the values of its launch parameters, and what the cost model expects of them."""

    template: MatrixTemplate
    arguments: Mapping[str, int]
    estimate: Estimate


@dataclass(frozen=True)
class Rejection:
    """What is no candidate, and the rule that it breaks."""

    what: str
    reason: str


@dataclass(frozen=True)
class Family:
    """Templates of one kind that differ in their mainloops.

    Attributes:
        math: how they multiply.
        fixed: the parameters that the operation decides.
        launch: the values of the launch parameters, but for those of the schedule.
        stored: the launch integers of stores and general operands.
        mainloops: which are tried where nothing is measured; on a tie the first is taken.
        instructions: of the epilogue for each element.
        orders_tiles: whether to try other orders of the tiles than CUTLASS's own.
    """

    kind: type[MatrixTemplate]
    math: Math
    fixed: tuple[tuple[str, ParameterValue], ...]
    launch: tuple[tuple[str, int], ...]
    stored: tuple[tuple[str, int], ...]
    signature: KernelSignature
    mainloops: tuple[Mainloop, ...]
    instructions: int = 0
    orders_tiles: bool = False

    @property
    def arguments(self) -> dict[str, int]:
        """The values of the launch parameters by name."""
        return dict(self.launch)

    def check_partial_results(self, template: MatrixTemplate) -> None:
        """Whether no tile makes a partial result of several matrices, as `check_rows_of_tiles`."""
        if any(store.along is Along.ROWS for store in self.signature.stores):
            check_rows_of_tiles(template, self.arguments)

    def launches(self, template: MatrixTemplate) -> Iterator[Mapping[str, int]]:
        """The values of the launch parameters: several where the kernel cuts K into slices."""
        if not isinstance(template, Sm90Attr) or not template.order_parameters:
            yield self.arguments
        elif template.schedule.data is Schedule.SPLIT_K:
            for slices in range(2, min(MOST_SLICES, template.steps(self.arguments)) + 1):
                yield {**self.arguments, "slices": slices}
        else:
            yield {**self.arguments, "swizzle": SWIZZLES[0], "raster": RASTERS[0]}


def check_rows_of_tiles(template: TemplateAttr, integers: Mapping[str, int]) -> None:
    """Each tile makes a partial result of a reduction along rows; with several matrices none may span two.

    Raises:
        VerifyException: one would.
    """
    (batch, rows, _), (tile, _) = template.result_extents(integers), template.result_tile
    if batch > 1 and rows % tile:
        raise VerifyException(f"tiles of {tile} rows do not divide the {rows} rows of each of {batch} matrices")


def find_candidates(family: Family, target: Target) -> tuple[tuple[Candidate, ...], tuple[Rejection, ...]]:
    """The legal ones, those first that the cost model expects to be the fastest, and the others with reasons."""
    templates, rejections = _legal_templates(
        family.kind, family.math, family.fixed, family.signature, family.mainloops, target
    )
    launches = ((template, arguments) for template in templates for arguments in family.launches(template))
    answers = [_judge(family, template, arguments, target) for template, arguments in launches]
    found = [answer for answer in answers if isinstance(answer, Candidate)]
    if family.orders_tiles:
        answers += [_judge(family, *order, target) for order in _other_orders(found)]
    found = [answer for answer in answers if isinstance(answer, Candidate)]
    found.sort(key=lambda candidate: candidate.estimate.seconds)
    return tuple(found), (*rejections, *(answer for answer in answers if isinstance(answer, Rejection)))


def _judge(
    family: Family, template: MatrixTemplate, arguments: Mapping[str, int], target: Target
) -> Candidate | Rejection:
    integers = {**arguments, **dict(family.stored)}
    try:
        template.check_launch(integers)
        family.check_partial_results(template)
    except VerifyException as error:
        return Rejection(str(template), str(error))
    expected = estimate(template, integers, family.signature, target, family.instructions)
    assert expected is not None, "every family has a model"
    return Candidate(template, arguments, expected)


def _other_orders(found: Sequence[Candidate]) -> Iterator[tuple[MatrixTemplate, Mapping[str, int]]]:
    """The launches of the better half of the persistent templates that visit tiles in other orders, one for each."""
    persistent = [candidate for candidate in found if "swizzle" in candidate.arguments]
    persistent.sort(key=lambda candidate: candidate.estimate.seconds)
    for candidate in persistent[: -(-len(persistent) // 2)]:
        assert isinstance(candidate.template, Sm90Attr)
        orders = {tile_order(candidate.template, candidate.arguments)}
        for swizzle, raster in product(SWIZZLES, RASTERS[1:]):
            arguments = {**candidate.arguments, "swizzle": swizzle, "raster": raster}
            order = tile_order(candidate.template, arguments)
            if order not in orders:
                orders.add(order)
                yield candidate.template, arguments


usual_candidates = lru_cache(maxsize=1024)(find_candidates)
"""The same, remembered: networks repeat their layers."""


@lru_cache(maxsize=1024)  # the kernels of a network differ in few of these
def _legal_templates(
    kind: type[MatrixTemplate],
    math: Math,
    fixed: tuple[tuple[str, ParameterValue], ...],
    signature: KernelSignature,
    mainloops: tuple[Mainloop, ...],
    target: Target,
) -> tuple[tuple[MatrixTemplate, ...], tuple[Rejection, ...]]:
    legal: list[MatrixTemplate] = []
    rejected: list[Rejection] = []
    for mainloop in mainloops:
        parameters = {**mainloop.parameters(math, target), **dict(fixed)}
        try:
            template = kind.of(**parameters)
            template.check_legal(target, signature)
        except VerifyException as error:
            rejected.append(Rejection(f"#{kind.name}<{_text(parameters)}>", str(error)))
            continue
        legal.append(template)
    return tuple(legal), tuple(rejected)


def _text(parameters: Mapping[str, ParameterValue]) -> str:
    """Parameters that make no template, as a template prints its own."""
    return ", ".join(f"{name} = {list(v) if isinstance(v, tuple) else v}" for name, v in parameters.items())
