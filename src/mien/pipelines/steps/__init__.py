"""The kinds of steps, one small file each; a new kind is a file and a line in `STEPS`."""

from mien.pipelines.steps.average import Average
from mien.pipelines.steps.export import Export
from mien.pipelines.steps.gate import FitGate
from mien.pipelines.steps.judge import Judge
from mien.pipelines.steps.step import Step
from mien.pipelines.steps.train import Train

STEPS: dict[str, type[Step]] = {kind.kind: kind for kind in (Train, Average, Export, FitGate, Judge)}
