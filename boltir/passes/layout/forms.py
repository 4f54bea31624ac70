"""Values in the two orders of dimensions they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from xdsl.ir import Operation, SSAValue

from boltir.dialects.graph.builder import GraphBuilder
from boltir.dialects.graph.enums import TO_CHANNELS_FIRST, TO_CHANNELS_LAST
from boltir.dialects.shapes import element_count
from boltir.dialects.tensors import static_shape


@dataclass
class Forms:
    """A value of the original function as the new function holds it.

    Attributes:
        own: with its dimensions in the original order.
        last: channels-last, that is permuted by (0, 2, 3, 1).
    """

    own: SSAValue | None = None
    last: SSAValue | None = None


@dataclass
class ImageForms:
    """Every value in either form; a form that is asked for and missing is added once."""

    forms: dict[SSAValue, Forms] = field(default_factory=dict[SSAValue, Forms])

    def of(self, value: SSAValue) -> Forms:
        """The forms that `value` has so far."""
        return self.forms.setdefault(value, Forms(own=value))

    def record(self, value: SSAValue, *, own: SSAValue | None = None, last: SSAValue | None = None) -> None:
        """The function now holds `value` in these forms only."""
        self.forms[value] = Forms(own, last)

    def own(self, value: SSAValue, user: Operation) -> SSAValue:
        """`value` in its own order, for `user`."""
        forms = self.of(value)
        if forms.own is None:
            assert forms.last is not None
            forms.own = _builder(value, user).transpose(forms.last, TO_CHANNELS_FIRST)
        return forms.own

    def last(self, value: SSAValue, user: Operation) -> SSAValue:
        """`value` channels-last, for `user`. A single element spreads as it is; fewer dimensions become four."""
        forms = self.of(value)
        if forms.last is None:
            assert forms.own is not None
            forms.last = _channels_last(forms.own, _builder(value, user))
        return forms.last


def _channels_last(value: SSAValue, build: GraphBuilder) -> SSAValue:
    shape = static_shape(value)
    if element_count(shape) == 1:
        return value
    widened = build.reshape(value, (1,) * (4 - len(shape)) + shape)
    return build.transpose(widened, TO_CHANNELS_LAST)


def _builder(value: SSAValue, user: Operation) -> GraphBuilder:
    build = GraphBuilder.before(user)
    return GraphBuilder(build.builder, value.owner.location) if isinstance(value.owner, Operation) else build
