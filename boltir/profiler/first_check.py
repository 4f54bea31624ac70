"""Persistent kernels are not believed: before a network uses one for the first time, it runs on random data.

It is checked as every candidate that is measured (docs/tuning.md). What it did is in the tuning database for good, so
that no network uses it again if it was wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from xdsl.dialects.builtin import ModuleOp

from boltir.dialects.cutlass import ChoiceAttr, choice_of
from boltir.dialects.cutlass.template import TemplateAttr
from boltir.dialects.fused import ChainOp
from boltir.errors import BoltError
from boltir.profiler.problem import Problem, kernels_of
from boltir.remarks import Remarks
from boltir.target import Target

if TYPE_CHECKING:
    from boltir.profiler.measure_chosen import Checked

PASS_NAME = "first-check"
"""What remarks call the check."""


@dataclass
class FirstCheck:
    """Checks the persistent kernels of networks that are compiled for a target.

    Attributes:
        path: the tuning database, which need not exist.
        refused: templates that were seen to do wrong, with what they did.
    """

    path: Path
    target: Target
    refused: dict[TemplateAttr, str] = field(default_factory=dict[TemplateAttr, str])

    @staticmethod
    def opened(path: Path, target: Target) -> FirstCheck:
        """A check that refuses what the database says.

        Raises:
            BoltError: there is a file at `path` that is no tuning database.
        """
        if not path.exists():
            return FirstCheck(path, target)
        from boltir.profiler.database import Database
        from boltir.profiler.rankings import refused_by

        with Database(path) as database:
            return FirstCheck(path, target, dict(refused_by(database, target)))

    def passes(self, modules: Sequence[ModuleOp], remarks: Remarks) -> bool:
        """Whether the persistent kernels chosen in modules at the fused level are right, as far as can be told.

        Those that are not are refused from now on. Without a GPU that runs the target nothing can be told.
        """
        kernels = (op for module in modules for op in kernels_of(module))
        chains = [(op, choice) for op in kernels if isinstance(op, ChainOp) and (choice := choice_of(op))]
        unknown = self._unknown(chains)
        if not unknown:
            return True
        from boltir.profiler.measure_chosen import Checked, measure_chosen

        try:
            checked = measure_chosen(unknown, self.path, self.target)
        except BoltError as error:
            checked = Checked(not_run={Problem.of(op): str(error) for op, _ in unknown})
        right = [self._passes(op, choice, checked, remarks) for op, choice in unknown]  # every fault is to be refused
        return all(right)

    def _passes(self, op: ChainOp, choice: ChoiceAttr, checked: Checked, remarks: Remarks) -> bool:
        problem = Problem.of(op)
        if problem in checked.not_run:
            reason = f"was not run on random data: {checked.not_run[problem]}"
            remarks.missed(PASS_NAME, op, f"{choice.template} {reason}", reason=reason)
            return True
        measurement = checked.measurements[problem]
        if measurement.is_ok:
            remarks.note(PASS_NAME, op, f"{choice.template} is right on random data")
            return True
        what = f"{measurement.status.value}: {measurement.error}"
        self.refused[choice.template_attr] = what
        message = f"{choice.template} is refused from now on; on random data it was {what}"
        remarks.missed(PASS_NAME, op, message, reason=f"was {measurement.status.value} on random data")
        return False

    def _unknown(self, chains: Sequence[tuple[ChainOp, ChoiceAttr]]) -> list[tuple[ChainOp, ChoiceAttr]]:
        """Those whose kernels were not seen to be right on their problems before, on any GPU of the architecture.

        What other versions of boltir, CUTLASS or CUDA built says nothing of the kernels of these.
        """
        if not chains or not self.path.exists():
            return list(chains)
        from boltir.profiler.candidate_text import candidate_text
        from boltir.profiler.database import Database
        from boltir.profiler.key import versions_of
        from boltir.runtime.build import Builder

        try:
            versions = versions_of(Builder(self.target, show_progress=False))
        except BoltError:
            return list(chains)  # nothing can be built with what is here

        def is_right(chain: ChainOp, choice: ChoiceAttr) -> bool:
            text = candidate_text(choice.template_attr, choice.integers)
            return database.is_right(Problem.of(chain).text, self.target.name, versions, text)

        with Database(self.path) as database:
            return [(chain, choice) for chain, choice in chains if not is_right(chain, choice)]
