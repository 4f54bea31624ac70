"""Converters of ONNX operators, one file per group; importing a file registers its converters."""
