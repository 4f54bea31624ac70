"""Two templates are the same only if every parameter is: kernels are shared by equality."""

import dataclasses

import pytest

from boltir.dialects.cutlass import TEMPLATES, TemplateAttr


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_equality_sees_every_parameter(template: type[TemplateAttr]) -> None:
    compared = {field.name for field in dataclasses.fields(template) if field.compare}
    assert {name for name, _ in template.get_irdl_definition().parameters} <= compared
