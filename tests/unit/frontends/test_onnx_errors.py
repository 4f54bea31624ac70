"""What is wrong, where, and what to do: one sentence per mistake."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, ValueInfoProto, helper, numpy_helper

from boltir.errors import BoltError, UnsupportedError
from boltir.frontends.onnx import import_onnx
from tests.support.networks import classifier_path
from tests.unit.frontends.onnx_checks import F32, OneNode, make_model, random, tensor_info

X = random(2, 3)


def relu_model(shape: list[int | str] | None, element: int = F32) -> ModelProto:
    x = helper.make_tensor_value_info("x", element, shape)
    return make_model([helper.make_node("Relu", ["x"], ["y"])], [x], ["y"])


def test_a_dynamic_dimension_asks_for_the_option() -> None:
    with pytest.raises(BoltError) as caught:
        import_onnx(relu_model(["batch", 3, "height", "width"]))
    assert str(caught.value) == (
        "the input has dynamic dimensions: 'x' is batchx3xheightxwidth "
        "(fix them, for example: --input-shape x=1x3x224x224)"
    )


def test_an_input_of_unknown_rank_asks_for_the_option() -> None:
    with pytest.raises(BoltError, match="'x' is of unknown rank"):
        import_onnx(relu_model(None))
    import_onnx(relu_model(None), input_shapes={"x": (4, 5)})


SHAPE_MISTAKES = [
    ({"y": (1, 3)}, "input shapes: the model has no input 'y' (it has 'x')"),
    ({"x": (1, 3, 5)}, "input 'x': the given shape 1x3x5 has 3 dimensions, the model's nx3 has 2"),
    (
        {"x": (1, 4)},
        "input 'x': the given shape 1x4 contradicts the model's nx3 (export the model with a dynamic dimension there)",
    ),
    ({"x": (0, 3)}, "input 'x': the given shape 0x3 must hold numbers >= 1"),
]


@pytest.mark.parametrize(("shapes", "message"), SHAPE_MISTAKES, ids=range(len(SHAPE_MISTAKES)))
def test_given_shapes_that_do_not_fit(shapes: dict[str, tuple[int, ...]], message: str) -> None:
    with pytest.raises(BoltError) as caught:
        import_onnx(relu_model(["n", 3]), input_shapes=shapes)
    assert str(caught.value) == message


def test_inputs_of_doubles_are_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"input 'x': f64 inputs are not supported \(export the model in f32\)"):
        import_onnx(relu_model([2], TensorProto.DOUBLE))


def test_inputs_of_other_types_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="input 'x': elements of type uint16 are not supported"):
        import_onnx(relu_model([2], TensorProto.UINT16))
    with pytest.raises(UnsupportedError, match="input 'x': elements of STRING are not supported"):
        import_onnx(relu_model([2], TensorProto.STRING))
    sequence = helper.make_tensor_sequence_value_info("x", F32, [2])
    with pytest.raises(UnsupportedError, match="input 'x': only tensors are supported"):
        import_onnx(make_model([helper.make_node("Relu", ["x"], ["y"])], [sequence], ["y"]))


def test_all_unsupported_operators_are_listed_at_once() -> None:
    nodes = [
        helper.make_node("Det", ["x"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Det", ["b"], ["c"], "second"),
        helper.make_node("FusedMatMul", ["c", "c"], ["y"], "fused", domain="com.microsoft"),
    ]
    with pytest.raises(UnsupportedError) as caught:
        import_onnx(make_model(nodes, [tensor_info("x", X)], ["y"]))
    assert str(caught.value) == (
        "the model uses operators that are not supported: Det (2, the first is Det node 'first'), "
        "com.microsoft.FusedMatMul (1, the first is FusedMatMul node 'fused') "
        "(operators of custom domains are not supported)"
    )


@pytest.mark.parametrize(
    ("op", "hint"), [("QLinearConv", "quantised"), ("DynamicQuantizeLinear", "quantised"), ("Loop", "loops")]
)
def test_hints_for_what_is_refused_on_purpose(op: str, hint: str) -> None:
    with pytest.raises(UnsupportedError, match=hint):
        import_onnx(make_model([helper.make_node(op, ["x"], ["y"])], [tensor_info("x", X)], ["y"]))


@pytest.mark.parametrize("opset", [10, 23])
def test_opsets_out_of_range(opset: int) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    with pytest.raises(UnsupportedError, match=f"model: the model uses opset {opset}, boltir reads 11 to 22"):
        import_onnx(make_model([node], [tensor_info("x", X)], ["y"], opset=opset))


ILL_FORMED = [
    (OneNode("Relu", [X, X]), "it has 2 inputs, ONNX asks for 1"),
    (OneNode("Gemm", [X]), "it has 1 inputs, ONNX asks for 2 to 3"),
    (OneNode("Relu", [X], attributes={"alpha": 1.0}), "Relu has no attribute 'alpha' in opset 17"),
    (OneNode("Softmax", [X], attributes={"axis": 1.5}), "attribute 'axis' is not of type INT"),
    (OneNode("Softmax", [X], attributes={"axis": 2}), "axis 2 is outside a tensor of 2 dimensions"),
    (OneNode("Concat", [X]), "it lacks the attribute axis"),
    (OneNode("Gemm", [None, X]), r"it lacks its input 0 (A)"),
    (OneNode("Add", [X, random(4)]), "shapes 2x3 and 4 do not broadcast"),
    (OneNode("Not", [X]), "expected truth values (i1), got tensor<2x3xf32>"),
    (OneNode("Add", [X, X.astype(np.float16)]), "element types differ: f32 and f16"),
]


@pytest.mark.parametrize(("case", "message"), ILL_FORMED, ids=str)
def test_ill_formed_nodes_are_named(case: OneNode, message: str) -> None:
    with pytest.raises(BoltError) as caught:
        case.module()
    assert str(caught.value) == f"{case.op} node 'the_node': {message}"


def test_reading_what_nothing_defines() -> None:
    node = helper.make_node("Relu", ["later"], ["y"], "early")
    with pytest.raises(BoltError, match=r"Relu node 'early': it reads 'later', which nothing before it defines"):
        import_onnx(make_model([node], [tensor_info("x", X)], ["y"]))


def test_a_model_without_outputs() -> None:
    with pytest.raises(BoltError, match="the model has no outputs"):
        import_onnx(make_model([helper.make_node("Relu", ["x"], ["y"])], [tensor_info("x", X)], []))


def test_hostile_names_do_not_break_the_message() -> None:
    node = helper.make_node("Relu", ["no\nsuch" * 1000], ["y"], "a\x1b[31m\n" * 1000)
    with pytest.raises(BoltError) as caught:
        import_onnx(make_model([node], [tensor_info("x", X)], ["y"]))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


# Files


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BoltError, match=r"missing\.onnx: cannot read the model: No such file"):
        import_onnx(tmp_path / "missing.onnx")
    with pytest.raises(BoltError, match="cannot read the model: Is a directory"):
        import_onnx(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"version https://git-lfs.github.com/spec/v1\n"])
def test_files_of_other_formats(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(BoltError, match=r"model\.onnx: not a whole ONNX file"):
        import_onnx(path)


def network() -> ModelProto:
    """A convolution, its normalisation, and a classifier whose shape arithmetic the exporter left in."""
    statistics = {name: np.abs(random(8)) for name in ("scale", "bias", "mean", "variance")}
    weights = {"filter": random(8, 3, 3, 3), "matrix": random(8, 10), "rest": np.array([-1])}
    nodes = [
        helper.make_node("Conv", ["x", "filter"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", *statistics], ["n"]),
        helper.make_node("GlobalAveragePool", ["n"], ["p"]),
        helper.make_node("Shape", ["p"], ["s"], end=1),
        helper.make_node("Concat", ["s", "rest"], ["t"], axis=0),
        helper.make_node("Reshape", ["p", "t"], ["f"]),
        helper.make_node("MatMul", ["f", "matrix"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", F32, [1, 3, 8, 8])
    return make_model(nodes, [x], ["y"], {**weights, **statistics})


def test_a_truncated_file_is_never_imported() -> None:
    content = network().SerializeToString()
    import_onnx(content)
    for length in range(0, len(content), 7):
        with pytest.raises(BoltError):
            import_onnx(content[:length])


def test_the_truncated_classifier_is_never_imported() -> None:
    content = classifier_path().read_bytes()
    lengths = [*range(0, len(content), len(content) // 100), *range(len(content) - 50, len(content))]
    for length in lengths:
        with pytest.raises(BoltError):
            import_onnx(content[:length], input_shapes={"x": (1, 3, 48, 192)})


def test_damaged_files_are_imported_or_refused_but_never_crash() -> None:
    content = network().SerializeToString()
    random_bytes = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(content)
        for position in random_bytes.integers(0, len(content), 3):
            damaged[position] = random_bytes.integers(256)
        with suppress(BoltError):
            import_onnx(bytes(damaged)).module.verify()


def test_names_that_are_not_text() -> None:
    content = network().SerializeToString().replace(b"GlobalAveragePool", b"GlobalAveragePoo\xff")
    with pytest.raises(BoltError, match="a name that is not UTF-8"):
        import_onnx(content)


def test_a_weight_whose_bytes_are_cut_off() -> None:
    model = network()
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]
    with pytest.raises(BoltError, match=r"tensor 'filter': cannot read its elements.*the file is damaged"):
        import_onnx(model)


# External data


def external_model(folder: Path) -> Path:
    """The network, with the bytes of its weights in weights.bin."""
    model, content = network(), b""
    for tensor in model.graph.initializer:
        entries = {"location": "weights.bin", "offset": str(len(content)), "length": str(len(tensor.raw_data))}
        content += tensor.raw_data
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=value)
    (folder / "weights.bin").write_bytes(content)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return folder / "model.onnx"


def test_external_data_is_found_beside_the_model(tmp_path: Path) -> None:
    imported = import_onnx(external_model(tmp_path))
    np.testing.assert_array_equal(imported.weights.get("filter"), random(8, 3, 3, 3))


def test_external_data_that_is_missing(tmp_path: Path) -> None:
    path = external_model(tmp_path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(BoltError, match="tensor 'filter': cannot read its elements") as caught:
        import_onnx(path)
    assert caught.value.hint == f"external data is looked for in {tmp_path}"


def test_external_data_that_is_cut_off(tmp_path: Path) -> None:
    path = external_model(tmp_path)
    (tmp_path / "weights.bin").write_bytes((tmp_path / "weights.bin").read_bytes()[:100])
    with pytest.raises(BoltError, match="cannot read its elements"):
        import_onnx(path)


def test_external_data_of_a_model_in_memory(tmp_path: Path) -> None:
    with pytest.raises(BoltError, match=r"its bytes are in another file \(import the model by its path\)"):
        import_onnx(external_model(tmp_path).read_bytes())


def test_external_data_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(864))
    inside = tmp_path / "inside"
    inside.mkdir()
    model = network()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    (inside / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(BoltError, match="tensor 'filter': cannot read its elements"):
        import_onnx(inside / "model.onnx")


def test_tensors_of_text_are_refused() -> None:
    model = make_model([helper.make_node("Identity", ["t"], ["y"])], [], ["y"])
    model.graph.initializer.append(numpy_helper.from_array(np.array(["text"], object), "t"))
    with pytest.raises(UnsupportedError, match="tensor 't': tensors of strings"):
        import_onnx(model)


def test_outputs_need_no_declared_type() -> None:
    model = relu_model([2])
    assert model.graph.output[0] == ValueInfoProto(name="y")
    import_onnx(model)
