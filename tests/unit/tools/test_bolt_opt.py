"""`bolt-opt` in process: crashes, broken IR, weights and reports; tests/filecheck/tools has its command line."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException, VerifyException

from boltir.context import remarks_of, weights_of
from boltir.dialects.graph import WeightOp
from boltir.errors import BoltError
from boltir.tools.bolt_opt import main
from boltir.universe import UNIVERSE

MODULE = """
func.func @main(%x: i32) -> i32 {
  %y = arith.addi %x, %x : i32
  %z = arith.addi %x, %x : i32
  %sum = arith.addi %y, %z : i32
  func.return %sum : i32
}
"""

RunBoltOpt = Callable[..., "Outcome"]


@dataclass
class Outcome:
    """What one run of `bolt-opt` did."""

    status: int
    out: str
    err: str


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.mlir"
    path.write_text(MODULE)
    return path


@pytest.fixture
def bolt_opt(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunBoltOpt:
    """Runs `bolt-opt` with the test's passes registered and temporary files in the test's folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for test_pass in (Crash, BreakFunction, Refuse, AddWeight, RenameFunction):
        monkeypatch.setitem(UNIVERSE.all_passes, test_pass.name, lambda chosen=test_pass: chosen)

    def run(*args: str | Path) -> Outcome:
        status = main([str(arg) for arg in args])
        printed = capsys.readouterr()
        return Outcome(status, printed.out, printed.err)

    return run


def only_function(module: ModuleOp) -> FuncOp:
    (function,) = (op for op in module.ops if isinstance(op, FuncOp))
    return function


@dataclass(frozen=True)
class Crash(ModulePass):
    name = "test-crash"
    depth: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        op.attributes["touched"] = StringAttr("by the crashing pass")
        raise KeyError("internal table")


@dataclass(frozen=True)
class BreakFunction(ModulePass):
    """Drops the terminator."""

    name = "test-break"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        terminator = only_function(op).body.block.last_op
        assert terminator is not None
        terminator.detach()


@dataclass(frozen=True)
class Refuse(ModulePass):
    name = "test-refuse"
    kind: str = "bolt"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        remarks_of(ctx).missed(self.name, only_function(op), "not today")
        if self.kind == "xdsl":
            raise PassFailedException("this module is too small")
        raise BoltError("this module is too small", where="@main", hint="grow it")


@dataclass(frozen=True)
class AddWeight(ModulePass):
    name = "test-add-weight"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        weight = next(w for w in op.walk() if isinstance(w, WeightOp))
        folded = weights_of(ctx).get(weight.weight_name) * 2
        symbol = weights_of(ctx).add("folded", folded)
        weight.properties["symbol"] = type(weight.symbol)(symbol)


@dataclass(frozen=True)
class RenameFunction(ModulePass):
    name = "test-rename"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        only_function(op).sym_name = StringAttr("renamed")


def reproducer_in(folder: Path) -> Path:
    (path,) = folder.glob("bolt-opt-*.mlir")
    return path


def test_a_crash_is_one_line_and_a_reproducer(bolt_opt: RunBoltOpt, source: Path, tmp_path: Path) -> None:
    outcome = bolt_opt(source, "-p", "test-rename,test-crash{depth=3},canonicalize")

    reproducer = reproducer_in(tmp_path)
    assert outcome.status == 1
    assert outcome.err == (
        "error: internal error in pass 'test-crash': KeyError: 'internal table' "
        f"(to see it again: bolt-opt --run-reproducer {reproducer})\n"
    )
    text = reproducer.read_text()
    assert text.startswith("// bolt-opt --pass-pipeline='test-crash{depth=3},canonicalize'\nbuiltin.module {\n")
    assert "func.func @renamed" in text, "the IR is the one after the passes before the crash"
    assert "touched" not in text, "... and before the crashing pass itself"
    assert "// KeyError: 'internal table'" in text


def test_a_reproducer_crashes_again(bolt_opt: RunBoltOpt, source: Path, tmp_path: Path) -> None:
    bolt_opt(source, "-p", "cse,test-crash")
    again = bolt_opt("--run-reproducer", reproducer_in(tmp_path))

    assert again.status == 1
    assert "internal error in pass 'test-crash': KeyError: 'internal table'" in again.err


def test_a_reproducer_runs_through_once_the_pass_is_mended(
    bolt_opt: RunBoltOpt, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bolt_opt(source, "-p", "test-crash,cse")
    monkeypatch.setattr(Crash, "apply", RenameFunction.apply)
    again = bolt_opt("--run-reproducer", reproducer_in(tmp_path))

    assert (again.status, again.err) == (0, "")
    assert again.out.count("arith.addi") == 2, "the rest of the pipeline ran: cse merged two of three additions"


def test_a_pass_that_breaks_the_ir_is_named(bolt_opt: RunBoltOpt, source: Path, tmp_path: Path) -> None:
    outcome = bolt_opt(source, "-p", "cse,test-break,dce")

    assert outcome.status == 1
    assert outcome.err.startswith("error: pass 'test-break' left invalid IR: 'arith.addi': ")
    assert outcome.err.count("\n") == 1
    assert "--pass-pipeline='test-break,dce'" in reproducer_in(tmp_path).read_text()


def test_without_verify_each_only_the_result_is_verified(bolt_opt: RunBoltOpt, source: Path) -> None:
    outcome = bolt_opt(source, "-p", "test-break,test-rename", "--no-verify-each")

    assert outcome.status == 1
    assert outcome.err.startswith("error: the pipeline left invalid IR: ")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("bolt", "error: @main: this module is too small (grow it)\n"),
        ("xdsl", "error: pass 'test-refuse': this module is too small\n"),
    ],
)
def test_a_refusal_is_the_users_affair(
    bolt_opt: RunBoltOpt, source: Path, tmp_path: Path, kind: str, message: str
) -> None:
    outcome = bolt_opt(source, "-p", f'test-refuse{{kind="{kind}"}}')

    assert (outcome.status, outcome.out, outcome.err) == (1, "", message)
    assert not list(tmp_path.glob("bolt-opt-*")), "no reproducer"


def test_a_module_that_a_pass_is_not_for_is_the_users_affair(
    bolt_opt: RunBoltOpt, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = bolt_opt(source, "--bolt-pipeline", "default")

    hint = "it needs tensors of fixed shapes; BOLTIR_TRACEBACK=1 shows where"
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"error: pass 'assign-layout': expected a tensor, got i32 ({hint})\n"
    assert not list(tmp_path.glob("bolt-opt-*")), "no reproducer"
    monkeypatch.setenv("BOLTIR_TRACEBACK", "1")
    with pytest.raises(BoltError) as raised:
        bolt_opt(source, "--bolt-pipeline", "default")
    assert isinstance(raised.value.__cause__, VerifyException)


def test_an_error_leaves_the_output_file_alone(bolt_opt: RunBoltOpt, source: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mlir"
    output.write_text("precious")
    bolt_opt(source, "-o", output, "-p", "test-refuse")

    assert output.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.mlir", "out.mlir"]


def test_remarks_are_written_even_if_a_pass_refuses(bolt_opt: RunBoltOpt, source: Path, tmp_path: Path) -> None:
    file = tmp_path / "remarks.jsonl"
    bolt_opt(source, "-p", "test-refuse", "--remarks", file)
    (remark,) = map(json.loads, file.read_text().splitlines())
    assert (remark["kind"], remark["pass_name"], remark["message"]) == ("missed", "test-refuse", "not today")

    as_text = bolt_opt(source, "-p", "test-refuse", "--remarks=-")
    assert as_text.err.startswith("missed: [test-refuse] func.func: not today\nerror: ")


@pytest.fixture
def weighted(tmp_path: Path) -> Path:
    """A module whose one weight lies in a side file."""
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"w": np.array([1.0, 2.0], np.float32)}, folder / "net.safetensors")
    path = folder / "net.mlir"
    path.write_text(
        'builtin.module attributes {graph.weights = "net.safetensors"} {\n'
        "func.func @main() -> tensor<2xf32> {\n"
        "  %w = graph.weight @w : tensor<2xf32>\n"
        "  func.return %w : tensor<2xf32>\n"
        "}\n}\n"
    )
    return path


def test_new_weights_go_beside_the_output(bolt_opt: RunBoltOpt, weighted: Path, tmp_path: Path) -> None:
    output = tmp_path / "folded.mlir"
    outcome = bolt_opt(weighted, "-p", "test-add-weight", "-o", output)

    assert (outcome.status, outcome.err) == (0, "")
    assert 'graph.weights = "folded.safetensors"' in output.read_text()
    stored = load_file(tmp_path / "folded.safetensors")
    assert {name: array.tolist() for name, array in stored.items()} == {"folded": [2.0, 4.0]}


def test_weights_that_did_not_change_stay_where_they_are(bolt_opt: RunBoltOpt, weighted: Path, tmp_path: Path) -> None:
    output = tmp_path / "same.mlir"
    bolt_opt(weighted, "-o", output)

    assert 'graph.weights = "model/net.safetensors"' in output.read_text()
    assert not (tmp_path / "same.safetensors").exists()


def test_standard_output_cannot_hold_weights(bolt_opt: RunBoltOpt, weighted: Path) -> None:
    outcome = bolt_opt(weighted, "-p", "test-add-weight")

    assert outcome.status == 0
    assert outcome.err == "warning: 1 new weights are lost: give -o FILE, without splitting the input\n"


def test_weights_can_come_from_another_file(bolt_opt: RunBoltOpt, weighted: Path, tmp_path: Path) -> None:
    save_file({"w": np.array([5.0, 6.0], np.float32)}, tmp_path / "tuned.safetensors")
    output = tmp_path / "out.mlir"
    bolt_opt(weighted, "--weights", tmp_path / "tuned.safetensors", "-p", "test-add-weight", "-o", output)

    assert load_file(tmp_path / "out.safetensors")["folded"].tolist() == [10.0, 12.0]


def test_a_missing_side_file_is_named(bolt_opt: RunBoltOpt, weighted: Path) -> None:
    (weighted.parent / "net.safetensors").unlink()
    outcome = bolt_opt(weighted, "-p", "test-add-weight")

    assert outcome.err == f"error: {weighted.parent}/net.safetensors: the weights file does not exist\n"


def test_a_reproducer_finds_the_weights(bolt_opt: RunBoltOpt, weighted: Path, tmp_path: Path) -> None:
    bolt_opt(weighted, "-p", "test-add-weight,test-crash")
    again = bolt_opt("--run-reproducer", reproducer_in(tmp_path))

    assert "internal error in pass 'test-crash'" in again.err
    (stored,) = tmp_path.glob("bolt-opt-*.safetensors")
    assert load_file(stored)["folded"].tolist() == [2.0, 4.0]


def test_binary_input_is_refused(bolt_opt: RunBoltOpt, tmp_path: Path) -> None:
    path = tmp_path / "model.mlir"
    path.write_bytes(b"func\xff")

    assert bolt_opt(path).err == f"error: {path}: not UTF-8 text (byte 4)\n"


def test_installed_plug_ins_are_found_on_request(bolt_opt: RunBoltOpt, source: Path) -> None:
    assert bolt_opt(source, "--load-universe", "-p", "cse").status == 0
