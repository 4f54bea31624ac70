"""What a network is stored and computed in: the table of precisions, with the names that they go by."""

from dataclasses import dataclass

from boltir.errors import BoltError
from boltir.target import Target


@dataclass(frozen=True)
class Precision:
    """A precision of inference (docs/precision.md).

    Attributes:
        name: the element type as the IR spells it.
        aliases: other names that users know it by.
        bytes: the size of an element.
        largest: the largest finite number.
    """

    name: str
    aliases: tuple[str, ...]
    bytes: int
    largest: float

    @staticmethod
    def named(name: str, target: Target | None = None) -> "Precision":
        """The precision called `name`: `f16`, `fp16`, `half` ...

        Raises:
            BoltError: there is none of that name, or `target` does not have it.
        """
        found = next((row for row in PRECISIONS if name in (row.name, *row.aliases)), None)
        if found is None:
            known = "; ".join(", ".join((row.name, *row.aliases)) for row in PRECISIONS)
            raise BoltError(f"unknown dtype '{name}'", hint=f"one of {known}")
        if found.name == "bf16" and target is not None and not target.has_bfloat16:
            raise BoltError(f"{target.name} does not compute in bf16", where="dtype", hint="use f16")
        return found


PRECISIONS = (
    Precision("f16", ("fp16", "float16", "half"), 2, 65504.0),
    Precision("bf16", ("bfloat16",), 2, 3.3895313892515355e38),
    Precision("f32", ("fp32", "float32", "tf32"), 4, 3.4028234663852886e38),
)
"""The default first. In f32, tensor cores round what they multiply to tf32."""
