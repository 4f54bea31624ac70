"""Every kernel that check_simt_templates.py checks."""

from simt_case import Case
from simt_linear_cases import depthwise_cases, direct_conv_cases, gemm_cases
from simt_movement_cases import movement_cases, pointwise_cases, resize_cases, transpose_cases
from simt_reduction_cases import layer_norm_cases, pool_cases, reduce_cases, softmax_cases


def all_cases() -> list[Case]:
    sources = (
        pointwise_cases, transpose_cases, depthwise_cases, direct_conv_cases, gemm_cases, pool_cases,
        reduce_cases, softmax_cases, layer_norm_cases, movement_cases, resize_cases,
    )  # fmt: skip
    cases = [case for source in sources for case in source()]
    return [case if case.family == "pointwise" else case.with_general_operands() for case in cases]
