"""Templates are found by their names alone, whichever folder they lie in."""

from collections import Counter
from pathlib import Path

import boltir.lowering
from boltir.lowering.render import TEMPLATE_GROUPS

TEMPLATES = Path(boltir.lowering.__file__).parent / "templates"


def test_every_folder_of_templates_is_searched() -> None:
    assert {path.parent for path in TEMPLATES.rglob("*.jinja")} == {
        TEMPLATES,
        *map(TEMPLATES.joinpath, TEMPLATE_GROUPS),
    }


def test_no_two_templates_have_the_same_name() -> None:
    names = Counter(path.name for path in TEMPLATES.rglob("*.jinja"))
    assert [name for name, count in names.items() if count > 1] == []
