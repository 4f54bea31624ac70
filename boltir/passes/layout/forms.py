"""Values with their dimensions in the orders they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.movement import TransposeOp
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import Shape, static_shape
from boltir.passes.layout.images import Images
from boltir.passes.layout.order import composed, identity

Permuted = dict[Shape, SSAValue]
"""What holds a value with its dimensions permuted, by the permutation."""


@dataclass
class Forms:
    """The values of the original function as the new one holds them: permuted as what reads them needs it.

    A form that is asked for and missing is added once. A view takes its forms from what it is a view of.

    Attributes:
        spare: transposes of the original function, to be used where such a one is to be added.
    """

    images: Images
    held: dict[SSAValue, Permuted] = field(default_factory=dict[SSAValue, Permuted])
    spare: dict[SSAValue, Permuted] = field(default_factory=dict[SSAValue, Permuted])

    def record(self, value: SSAValue, forms: Permuted) -> None:
        """The function now holds `value` in these forms only."""
        self.held[value] = forms

    def has(self, value: SSAValue, permutation: Shape) -> bool:
        """Whether `value` can be had so permuted without a transpose."""
        if permutation in self._forms(value):
            return True
        source = self._source(value, permutation)
        return source is not None and self.has(*source)

    def own(self, value: SSAValue, user: Operation) -> SSAValue:
        """`value` as it was, for `user`."""
        return self.get(value, identity(len(static_shape(value))), user)

    def get(self, value: SSAValue, permutation: Shape, user: Operation) -> SSAValue:
        """`value` permuted, for `user`. Fewer dimensions become as many; a single element spreads as it is."""
        forms = self._forms(value)
        if permutation in forms:
            return forms[permutation]
        build, shape = _builder(value, user), static_shape(value)
        if (source := self._source(value, permutation)) is not None:
            form = build.reshape(self.get(*source, user), [shape[axis] for axis in permutation])
        elif len(shape) < len(permutation):
            form = _spread(self.own(value, user), permutation, build)
        elif permutation in self.spare.get(value, {}):
            form = self.spare[value][permutation]
        else:
            present, held = next(iter(forms.items()))
            form = build.transpose(held, [present.index(axis) for axis in permutation])
        forms[permutation] = form
        return form

    def _forms(self, value: SSAValue) -> Permuted:
        return self.held.setdefault(value, {identity(len(static_shape(value))): value})

    def _source(self, value: SSAValue, permutation: Shape) -> tuple[SSAValue, Shape] | None:
        """What, permuted how, is `value` permuted but for a reshape; None if it is no view, or in neither order."""
        if value not in self.images.views:
            return None
        source, order = self.images.views[value], self.images.orders[value]
        if isinstance(value.owner, TransposeOp):
            return source, composed(value.owner.permutation.get_values(), permutation)
        rank = len(static_shape(source))
        if permutation == identity(len(permutation)):
            return source, identity(rank)
        is_other = permutation == order.other.from_other(len(permutation))
        return (source, order.other.from_other(rank)) if is_other else None


def _spread(value: SSAValue, permutation: Shape, build: GraphBuilder) -> SSAValue:
    shape = static_shape(value)
    if element_count(shape) == 1:
        return value
    return build.transpose(build.reshape(value, (1,) * (len(permutation) - len(shape)) + shape), permutation)


def _builder(value: SSAValue, user: Operation) -> GraphBuilder:
    """Builds before `user`, at the location of `value`."""
    build = GraphBuilder.before(user)
    return GraphBuilder(build.builder, value.owner.location) if isinstance(value.owner, Operation) else build
