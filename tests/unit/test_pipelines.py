"""What a user may write for a pipeline, and what it means."""

import pytest
from xdsl.universe import XDSL_UNIVERSE

from boltir.errors import BoltError
from boltir.pipelines import build_passes, expand_named_pipeline, named_pipeline, strip_anchors


@pytest.mark.parametrize(
    ("written", "meaning"),
    [
        ("", ""),
        ("a", "a"),
        ("a,b{x=1}", "a,b{x=1}"),
        ("builtin.module(a,b)", "a,b"),
        ("builtin.module( a , func.func( b ) , c )", "a,b,c"),
        ("any(a)", "a"),
        ('builtin.module(a,func.func(b{text="(" n=2},c))', 'a,b{text="(" n=2},c'),
    ],
)
def test_mlir_anchors_are_flattened(written: str, meaning: str) -> None:
    assert strip_anchors(written) == meaning


@pytest.mark.parametrize("written", ["builtin.module(a", "a)", "builtin.module(a))", "(a)", "cse(a)"])
def test_bad_anchors_are_errors(written: str) -> None:
    with pytest.raises(BoltError, match="pass pipeline: "):
        strip_anchors(written)


def test_options_reach_the_pass() -> None:
    (loop_unroll,) = build_passes("apply-pdl{pdl-file=x}", XDSL_UNIVERSE.all_passes)
    assert str(loop_unroll) == 'apply-pdl{pdl_file="x"}'


def test_named_pipelines_take_target_and_dtype() -> None:
    expected = ",".join(named_pipeline("default", target="sm_90a", dtype="bf16"))
    assert expand_named_pipeline("default{target=sm_90a dtype=bf16}") == expected


@pytest.mark.parametrize("spec", ["fast", "default{speed=2}", "default,default", "default{"])
def test_bad_pipeline_names_are_errors(spec: str) -> None:
    with pytest.raises(BoltError):
        expand_named_pipeline(spec)
