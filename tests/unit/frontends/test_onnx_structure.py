"""Inputs, outputs, names, branches and functions: everything around the operators."""

import numpy as np
import pytest
from onnx import TensorProto, ValueInfoProto, helper, numpy_helper
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, Builtin, ModuleOp, NameLoc, StringAttr
from xdsl.dialects.func import Func, FuncOp
from xdsl.parser import Parser

from boltir.dialects.graph import Graph
from boltir.dialects.graph.elementwise import ReluOp
from boltir.dialects.graph.values import WeightOp
from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx import import_onnx
from tests.unit.frontends.onnx_checks import F32, OneNode, check_model, make_model, op_names, random, tensor_info

X = random(2, 3)


def relu(name: str = "y") -> ModuleOp:
    return import_onnx(make_model([helper.make_node("Relu", ["x"], [name])], [tensor_info("x", X)], [name])).module


def test_a_network_is_one_function() -> None:
    assert str(relu()) == (
        'builtin.module attributes {graph.input_names = ["x"], graph.output_names = ["y"]} {\n'
        "  func.func @main(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {\n"
        "    %0 = graph.relu %x : (tensor<2x3xf32>) -> tensor<2x3xf32>\n"
        "    func.return %0 : tensor<2x3xf32>\n"
        "  }\n"
        "}"
    )


def test_every_operation_says_which_node_it_comes_from() -> None:
    case = OneNode("Gemm", [random(3, 4), random(4, 5), random(5)], known=[1, 2])
    locations = [op.location for op in case.module().walk() if op.name.startswith("graph.")]
    names = [location.desc.data for location in locations if isinstance(location, NameLoc)]
    assert names == ["in1", "the_node", "in2", "the_node"]


def test_unused_inputs_stay_arguments() -> None:
    inputs = [tensor_info("unused", X), tensor_info("x", X)]
    check_model(make_model([helper.make_node("Relu", ["x"], ["y"])], inputs, ["y"]), [X, X])


def test_weights_that_are_listed_as_inputs_are_weights() -> None:
    node = helper.make_node("Mul", ["x", "w"], ["y"])
    inputs = [tensor_info("w", random(3)), tensor_info("x", X)]
    main = next(iter(import_onnx(make_model([node], inputs, ["y"], {"w": random(3)})).module.ops))
    assert isinstance(main, FuncOp)
    assert len(main.function_type.inputs) == 1


def test_outputs_can_be_inputs_and_constants() -> None:
    node = helper.make_node("Identity", ["x"], ["y"])
    imported = import_onnx(make_model([node], [tensor_info("x", X)], ["y", "w", "y"], {"w": random(40)}))
    imported.module.verify()
    assert op_names(imported.module) == []


def test_inputs_of_every_type() -> None:
    nodes = [helper.make_node("Identity", [f"x{i}"], [f"y{i}"]) for i in range(5)]
    arrays = [np.ones(2, dtype) for dtype in (np.float16, np.int64, np.int32, np.int8, np.bool_)]
    inputs = [tensor_info(f"x{i}", array) for i, array in enumerate(arrays)]
    check_model(make_model(nodes, inputs, [f"y{i}" for i in range(5)]), arrays)


HOSTILE = [
    'quote " and \\',
    "line\nbreak\0",
    "*/ #include <stdlib.h>",
    "日本語 ñ",
    "long" * 2500,
    "9lives",
    "_",
    "a.b/c:0",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_make_the_same_module_as_plain_ones(name: str) -> None:
    """Names reach only locations, symbols and the two lists of names."""
    y = f"{name}-y"
    nodes = [
        helper.make_node("MatMul", [name, f"{name}-w"], [f"{name}-h"], f"{name}-node"),
        helper.make_node("Relu", [f"{name}-h"], [y], f"{name}-relu"),
    ]
    model = make_model(nodes, [tensor_info(name, X)], [y], {f"{name}-w": random(3, 20)})
    imported = check_model(model, [X])
    module = imported.module
    assert module.attributes["graph.input_names"] == ArrayAttr([StringAttr(name)])
    assert module.attributes["graph.output_names"] == ArrayAttr([StringAttr(y)])
    ops = list(module.walk())
    symbols = [op.weight_name for op in ops if isinstance(op, WeightOp)]
    assert symbols == list(imported.weights.added)
    assert all(symbol[0].isalpha() and len(symbol) <= 64 for symbol in symbols)
    assert all(symbol.isascii() and symbol.replace("_", "").isalnum() for symbol in symbols)
    location = next(op.location for op in ops if isinstance(op, ReluOp))
    assert isinstance(location, NameLoc)
    assert location.desc.data.isascii()
    assert location.desc.data.isprintable()
    assert len(location.desc.data) <= 120
    ctx = Context()
    for dialect in (Builtin, Func, Graph):
        ctx.load_dialect(dialect)
    assert Parser(ctx, str(module)).parse_module().is_structurally_equivalent(module) or not name.isascii()


def test_names_that_look_alike_get_symbols_of_their_own() -> None:
    names = ["w.1", "w/1", "w_1", "w:1", "w_1_1"]
    nodes = [helper.make_node("Mul", ["x", name], [f"y{i}"]) for i, name in enumerate(names)]
    weights = {name: np.full((2, 30), i, np.float32) for i, name in enumerate(names)}
    x = random(2, 30)
    imported = check_model(make_model(nodes, [tensor_info("x", x)], [f"y{i}" for i in range(5)], weights), [x])
    assert len(imported.weights.added) == 5


def test_a_branch_whose_condition_is_known_is_inlined() -> None:
    """The branches read values of the graph around them."""
    then = helper.make_graph([helper.make_node("Relu", ["h"], ["t"])], "then", [], [ValueInfoProto(name="t")])
    other = helper.make_graph([helper.make_node("Loop", ["h"], ["e"])], "else", [], [ValueInfoProto(name="e")])
    nodes = [
        helper.make_node("Neg", ["x"], ["h"]),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("ReduceProd", ["shape"], ["count"], keepdims=0),
        helper.make_node("Equal", ["count", "six"], ["condition"]),
        helper.make_node("If", ["condition"], ["y"], then_branch=then, else_branch=other),
    ]
    model = make_model(nodes, [tensor_info("x", X)], ["y"], {"six": np.array(6)})
    assert op_names(import_onnx(model).module) == ["neg", "relu"]


def test_a_branch_that_depends_on_the_input_is_refused() -> None:
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["t"])], "then", [], [ValueInfoProto(name="t")])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["e"])], "else", [], [ValueInfoProto(name="e")])
    node = helper.make_node("If", ["c"], ["y"], "choice", then_branch=then, else_branch=other)
    inputs = [tensor_info("x", X), helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    with pytest.raises(UnsupportedError, match=r"If node 'choice': its input 0 \(cond\) is computed from"):
        import_onnx(make_model([node], inputs, ["y"]))


def test_functions_of_the_model_are_inlined() -> None:
    body = [helper.make_node("Relu", ["a"], ["r"]), helper.make_node("Neg", ["r"], ["b"])]
    opsets = [helper.make_opsetid("", 17)]
    function = helper.make_function("my.domain", "NegRelu", ["a"], ["b"], body, opsets)
    call = helper.make_node("NegRelu", ["x"], ["y"], domain="my.domain")
    output = helper.make_tensor_value_info("y", F32, [2, 3])
    graph = helper.make_graph([call], "graph", [tensor_info("x", X)], [output])
    opsets.append(helper.make_opsetid("my.domain", 1))
    model = helper.make_model(graph, opset_imports=opsets, functions=[function], ir_version=8)
    assert op_names(check_model(model, [X]).module) == ["relu", "neg"]


def test_dropout_is_a_copy() -> None:
    module = OneNode("Dropout", [X, np.array(0.5, np.float32)], known=[1], outputs=2).check()
    assert op_names(module) == []
    OneNode("Dropout", [X], opset=11).check()
    case = OneNode("Dropout", [X, np.array(0.5, np.float32), np.array(True)], known=[1, 2])
    with pytest.raises(UnsupportedError, match="training mode"):
        case.module()


def test_sparse_weights_are_refused() -> None:
    model = make_model([helper.make_node("Relu", ["x"], ["y"])], [tensor_info("x", X)], ["y"])
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "indices")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3]))
    with pytest.raises(UnsupportedError, match="sparse"):
        import_onnx(model)


def test_a_value_defined_twice_is_an_error() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])]
    with pytest.raises(BoltError, match="defines 'y' twice"):
        import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"]))
