"""What a judge says of synthetic faces: results/synthesis.json."""

from dataclasses import field
from typing import Any, ClassVar

from mien.results.record import Measured, record


@record
class ShareOfCount:
    """A share and its 95% interval (Wilson's), all in [0, 1].

    Attributes:
        value: The share.
        low: The lower end.
        high: The upper end.
        count: Of how many.
    """

    value: float
    low: float
    high: float
    count: int


@record
class Distance:
    """A kernel distance: the mean over subsets, and their standard deviation."""

    mean: float
    deviation: float


@record
class Distances:
    """To real faces of a class: from synthetic ones, from their sources, and between two halves of the real ones."""

    synthetic: Distance
    sources: Distance
    real_halves: Distance


@record
class Identity:
    """Mean distance of a synthetic face to its own source and to another's, and how often its own is the nearer one."""

    to_source: float
    to_another: float
    source_is_nearer: ShareOfCount


@record
class ClassJudgement:
    """What the judge finds on one class's synthetic faces.

    called_*: share that the judge calls the target, of the synthetic faces, of their sources and of real faces of the
    class. kid_*: to the real faces of the class, from synthetic faces, from their sources, and between two halves of
    the real ones (the floor). identity_*: by the judge's features (cosine distance; they are about expression, so a
    change of expression moves them), and by the pixels (1 - correlation). diversity_*: mean cosine distance of the
    features between two faces. copies_of_training_faces: share that is a near-copy (pixels' correlation of at least
    0.97) of a real training face of the class, learned by heart; unchanged: share that is one of its own source.
    patches: as kid_*, of the spectra of patches, where stripes and grids show; persons: of the features of a network
    that knows people apart and no expressions, None where none was given. Both are None in older files.
    """

    synthetic: int
    real: int
    called_synthetic: ShareOfCount
    called_sources: ShareOfCount
    called_real: ShareOfCount
    kid_synthetic: Distance
    kid_sources: Distance
    kid_real_halves: Distance
    identity_features: Identity
    identity_pixels: Identity
    diversity_synthetic: float
    diversity_real: float
    copies_of_training_faces: ShareOfCount
    unchanged: ShareOfCount
    patches: Distances | None = field(default=None, kw_only=True)
    persons: Distances | None = field(default=None, kw_only=True)


@record
class SynthesisJudgement(Measured):
    """The results file.

    Attributes:
        model: The judge's name.
        model_hash: SHA-256 of its file; None in older files.
        seed: Chose halves, subsets and pairs.
        generator: SHA-256 of the generator's file, or a word for what made the faces.
        strength: The share of the generator's change that the faces took; None in older files, and without one.
        classes: By name.
    """

    made_by: ClassVar[str] = "mien synth judge"

    model: str
    seed: int
    generator: str
    classes: dict[str, ClassJudgement]
    model_hash: str | None = field(default=None, kw_only=True)
    strength: float | None = field(default=None, kw_only=True)


@record
class SynthesisDescription(Measured):
    """run.json of a GAN's training.

    Attributes:
        recipe: `mien.synthesis.recipe` knows its keys.
        data: SHA-256 of what it saw.
        precision: What the machine made of the recipe's; None in older files.
        start: The file of a generator that this one's training began at; None where it began as the face itself.
        start_sha256: Of that file.
    """

    recipe: dict[str, Any]
    data: str
    precision: str | None = field(default=None, kw_only=True)
    start: str | None = field(default=None, kw_only=True)
    start_sha256: str | None = field(default=None, kw_only=True)
    code: str = field(kw_only=True)
    hardware: str = field(kw_only=True)
