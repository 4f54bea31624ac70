"""The instantiations of the attention templates that check_attention_templates.py runs, and what it runs them on."""

from dataclasses import dataclass
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Problem:
    """Extents of one launch. Packed operands are columns of one tensor, others are tensors of their own widths."""

    batch: int
    heads: int
    queries: int
    keys: int
    head_dim: int
    packed: bool = False


@dataclass(frozen=True)
class Kernel:
    """One template instantiation; `operands` are the (broadcast, dtype) pairs of its epilogue."""

    family: str
    template: dict[str, Any]
    dtype: str = "f16"
    target: str = "sm_90a"
    operands: tuple[tuple[str, str], ...] = ()
    output: str = "f16"


def attention(queries: int, keys: int, head_dim: int, **others: Any) -> Kernel:
    tile = {"queries_per_block": queries, "keys_per_block": keys, "head_dim": head_dim}
    return Kernel("attention", tile, **others)


def attention_sm90(keys: int, head_dim: int, schedule: str = "pingpong", **others: Any) -> Kernel:
    tile = {"queries_per_block": 128, "keys_per_block": keys, "head_dim": head_dim, "schedule": schedule}
    return Kernel("attention_sm90", tile, **others)


def attention_sm80(
    queries: int, keys: int, head_dim: int, warps: int = 4, mask: str = "none", rank: int = 0, **others: Any
) -> Kernel:
    tile = {"queries_per_block": queries, "keys_per_block": keys, "head_dim": head_dim, "warps": warps, "mask": mask}
    general = tuple(i for i, (kind, _) in enumerate(others.get("operands", ())) if kind == "general")
    return Kernel("attention_sm80", tile | {"vector": 2, "rank": rank, "general": general}, **others)


KERNELS = (
    attention(64, 64, 64),
    attention(64, 64, 64, target="sm_75"),
    attention(64, 64, 64, dtype="bf16", output="bf16"),
    attention(32, 128, 128),
    attention(32, 128, 128, target="sm_75"),
    attention_sm80(64, 64, 16),
    attention_sm80(64, 64, 32, mask="keys"),
    attention_sm80(64, 64, 64),
    attention_sm80(64, 64, 64, mask="keys"),
    attention_sm80(64, 64, 64, mask="scores"),
    attention_sm80(64, 64, 64, mask="keys", dtype="bf16", output="bf16"),
    attention_sm80(128, 64, 64),
    attention_sm80(128, 64, 64, mask="scores"),
    attention_sm80(64, 64, 80, mask="scores"),
    attention_sm80(64, 64, 96),
    attention_sm80(64, 64, 128, mask="keys"),
    attention_sm80(64, 64, 128, dtype="bf16", output="bf16"),
    attention_sm80(64, 64, 192),
    attention_sm80(64, 64, 64, operands=(("full", "f16"), ("row", "f32"), ("column", "f16")), output="f32"),
    attention_sm90(128, 32),
    attention_sm90(128, 64),
    attention_sm90(128, 64, dtype="bf16", output="bf16"),
    attention_sm90(64, 64, "cooperative"),
    attention_sm90(128, 128),
)


def problems(kernel: Kernel) -> list[Problem]:
    """Lengths within and across tiles, one query, heads narrower than the tile."""
    head_dim = kernel.template["head_dim"]
    return [
        Problem(1, 1, 64, 128, head_dim),
        Problem(2, 3, 40, 40, head_dim, packed=True),
        Problem(2, 2, 197, 197, head_dim, packed=True),
        Problem(3, 2, 1, 77, head_dim),
        Problem(1, 5, 130, 65, max(8, head_dim - 8)),
        Problem(2, 2, 300, 1, head_dim),
        Problem(1, 2, 577, 577, head_dim, packed=True),
        Problem(33, 4, 17, 19, head_dim),
    ]
