"""`mien synth`: train a StarGAN, translate faces with it, balance a data set with them, and judge what came out."""

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mien.cli.console import Terminal, bar
from mien.cli.options import DataFolder, class_label, finite, load_with_progress
from mien.cli.outputs import check_outputs
from mien.cores import cores
from mien.errors import RecipeError
from mien.expressions import NAMES
from mien.names import fitting_name
from mien.storage import check_suffix
from mien.synthesis import STRENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mien.results.synthesis import ClassJudgement, Distance, ShareOfCount, SynthesisDescription
    from mien.synthesis.loop import SynthesisProgress
    from mien.synthesis.recipe import SynthesisRecipe
    from mien.synthesis.run import SynthesisRun
    from mien.training.run import Start

app = typer.Typer(help="Translate faces to other expressions, and balance a data set with them.", no_args_is_help=True)

GeneratorOption = Annotated[
    str, typer.Option(help="The shipped generator's name, or the generator.onnx of a run of `mien synth train`.")
]

StrengthOption = Annotated[
    float,
    typer.Option(
        help="How far faces go: 1 takes all that the generator changes, caricatures with it; less is milder.",
        min=0,
        max=1,
        callback=finite,
    ),
]


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (recipes/stargan*.toml).")],
    data: DataFolder,
    out: Annotated[Path | None, typer.Option(help="The run's folder; runs/<recipe's name> if left out.")] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Begin at a trained generator: the generator.safetensors of a run of this size."
        ),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option(help="Stop after so many hours, with a checkpoint to go on from.", min=0.0, callback=finite),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on from the run's last checkpoint; the recipe may ask for more steps by now."
        ),
    ] = False,
    accelerator: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="CPU threads; all cores if left out.", min=1)] = None,
) -> None:
    """Train a StarGAN between the seven expressions, on the training part alone.

    Leaves curves, sample sheets, a checkpoint, and the generator as safetensors and as generator.onnx, which the other
    commands take.

    Example: mien synth train recipes/stargan.toml --data fer2013
    """
    import math

    import torch

    from mien.synthesis import export, loop
    from mien.synthesis import recipe as recipes
    from mien.synthesis.run import SynthesisRun
    from mien.synthesis.sampling import training_faces
    from mien.training.devices import fabric_for
    from mien.training.memory import keep_freed_memory
    from mien.training.precision import described, precision_for
    from mien.training.run import Start, described_start

    plan = recipes.read(recipe)
    folder = SynthesisRun(out or Path("runs") / recipe.stem)
    start = None if weights is None else described_start(str(weights))
    begun = _begun(folder, plan, start, resume)
    check_outputs((), folders=[folder.path])
    keep_freed_memory()
    torch.set_num_threads(threads or cores())
    precision = precision_for(accelerator, plan.precision)
    fabric = fabric_for(accelerator, 1, precision)
    training = training_faces(load_with_progress(data, plan.split))
    if begun is not None:
        if begun.data != training.fingerprint():
            raise RecipeError(f"{folder.path} was begun with other pictures; choose another --out, or the same --data")
        start = None if begun.start is None else Start(start=begun.start, start_sha256=begun.start_sha256)
    folder.write_description(plan, training.fingerprint(), precision, start)

    console = Terminal(stderr=True)
    console.tell(
        f"{len(training):,} pictures to learn from, on {fabric.device}; {plan.steps:,} steps into {folder.path}, "
        f"in {described(precision, plan.precision)}"
    )
    with _shown(console, plan.steps) as show:
        curve = loop.train(plan, training, folder, fabric, math.inf if hours is None else hours, weights, show)
    if curve[-1].step < plan.steps:
        console.print(f"stopped at step {curve[-1].step:,} of {plan.steps:,}; --resume goes on")
    console.tell(f"generator: {export.export_run(folder, folder.path / 'generator.onnx')}")


def _begun(
    folder: "SynthesisRun", plan: "SynthesisRecipe", start: "Start | None", resume: bool
) -> "SynthesisDescription | None":
    """The run to go on with, if there is one; raises RecipeError for one that is not to be gone on with."""
    if not folder.checkpoint.exists():
        return None
    if not resume:
        raise RecipeError(f"{folder.path} holds a run already; add --resume to go on with it, or choose another --out")
    if not plan.may_follow(folder.recipe()):
        raise RecipeError(
            f"{folder.path} was begun with other networks, another split or another seed; choose another --out"
        )
    begun = folder.description()
    if start is not None and start["start_sha256"] != begun.start_sha256:
        raise RecipeError(f"{folder.path} was begun at other weights; leave out --weights, or choose another --out")
    return begun


@contextmanager
def _shown(console: Terminal, steps: int) -> "Iterator[Callable[[SynthesisProgress], None]]":
    """A bar of the steps with the last losses; gives what takes the progress."""
    columns = (TextColumn("step"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[losses]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("train", total=steps, losses="")

        def show(progress: "SynthesisProgress") -> None:
            last = progress.last
            losses = last and (
                f"gap {last.gap:.2f}, real class {last.real_class:.2f}, made class {last.made_class:.2f}, "
                f"cycle {last.cycle:.3f}, {last.steps_per_second:.2f} steps/s"
            )
            bar.update(task, completed=progress.step, losses=losses or "")

        yield show


@app.command()
def balance(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Kaggle or FER2013 picture folders.", envvar="MIEN_DATA")
    ],
    classes: Annotated[list[str], typer.Option("--class", help="The class to fill up; several if given again.")],
    to: Annotated[str, typer.Option(help="Up to how many training pictures: a number, or a class as large.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new data set's folder.")],
    generator: Annotated[
        str,
        typer.Option(
            help="The shipped generator's name, a generator.onnx of `mien synth train`, or 'augmentation': the class's "
            "own faces warped, to compare with."
        ),
    ] = "stargan",
    strength: StrengthOption = STRENGTH,
    split: Annotated[
        str | None,
        typer.Option(
            help="Whose training part gives the sources: official or kaggle; the generator's if left out, or kaggle."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses the faces that are translated.", min=0)] = 0,
    judge: Annotated[
        str | None, typer.Option(help="An independent classifier (name or .onnx file) that scores each synthetic face.")
    ] = None,
    least: Annotated[
        float | None,
        typer.Option(
            help="Keep what the judge calls the target, with this probability or more.", min=0, max=1, callback=finite
        ),
    ] = None,
    novelty: Annotated[
        bool, typer.Option("--novelty", help="Keep what lies as near to real faces as 95% of these do.")
    ] = False,
) -> None:
    """Fill up rare classes with translated faces of other classes' training pictures.

    Writes a whole new data set: the originals linked, the synthetic faces, their manifest, and a chart. The same seed
    gives the same files.

    Example: mien synth balance fer2013 --class disgust --to fear --out balanced --judge vit_tiny --least 0.5
    """
    import numpy as np

    from mien.classifier.model_file import ModelFileClassifier
    from mien.synthesis.augmenter import NAME, Augmenter
    from mien.synthesis.balance import Maker, Request
    from mien.synthesis.balance import balance as fill_up
    from mien.synthesis.translator import Translator

    check_outputs((), folders=[out])
    labels = tuple(dict.fromkeys(class_label(name) for name in classes))
    maker: Maker = (
        Augmenter(split or "kaggle", seed) if generator == NAME else Translator.open(generator, strength=strength)
    )
    critic = None if judge is None else ModelFileClassifier(judge)
    as_large = None if to.isdecimal() else class_label(to)
    split = split or maker.split
    faces = load_with_progress(data, split)
    counts = np.bincount(faces.labels[faces.parts == "train"], minlength=len(NAMES))
    count = int(to) if as_large is None else int(counts[as_large])
    request = Request(labels, count, split, seed, least, novelty)
    with bar() as show:
        summary = fill_up(data, faces, request, maker, out, critic, partial(show, "translating"))
    console = Terminal()
    for name, done in summary["classes"].items():
        before = summary["training_pictures_before"][name]
        console.print(f"{name}: {before:,} + {done['kept']:,} synthetic, of {done['translated']:,} translated")
        if judge is not None:
            console.print(
                f"  called {name} before any filter: {done['called_target']:.1%} (their sources: "
                f"{done['sources_called_target']:.1%}); refused by probability {done['refused_by_probability']:,}, "
                f"by novelty {done['refused_by_novelty']:,}"
            )
    console.tell(f"wrote {out}")


@app.command()
def translate(
    picture: Annotated[Path, typer.Argument(help="A picture with a face; the largest one is taken.")],
    to: Annotated[
        str | None, typer.Option(help="The expression to give it; all seven side by side if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="<picture's name>-<expression>.png if left out.")
    ] = None,
    generator: GeneratorOption = "stargan",
    strength: StrengthOption = STRENGTH,
) -> None:
    """Give the face in a picture another expression: a grey picture of 48 x 48 pixels, or a sheet of all seven.

    Example: mien synth translate portrait.jpg --to surprise
    """
    import numpy as np

    from mien.synthesis import face_sheets
    from mien.synthesis.portrait import find_face
    from mien.synthesis.translator import Translator

    check_suffix(out, ".png", what="a PNG picture")
    label = None if to is None else class_label(to)
    target = out or Path(fitting_name(picture.stem, f"-{'all' if label is None else NAMES[label]}.png"))
    check_outputs([picture], [target])
    translator = Translator.open(generator, strength=strength)
    face = find_face(picture, translator.metadata["crop"])
    made = translator.translate_all(face)
    if label is None:
        face_sheets.save(face_sheets.sheet([["face", *NAMES]], np.concatenate([face[None], made])[None]), target)
    else:
        face_sheets.save(made[label], target)
    Terminal().tell(f"wrote {target}")


@app.command(name="judge")
def judge_command(
    folder: Annotated[Path, typer.Argument(help="A folder that `mien synth balance` wrote.")],
    model: Annotated[str, typer.Option(help="An independent classifier: a shipped model's name, or an .onnx file.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="judgement.json in the folder if left out; the pairs go beside it."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Chooses halves, subsets and the pairs shown.", min=0)] = 0,
    face_network: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Starting weights face_resnet_dlib.safetensors: also judges by a network that knows people apart.",
        ),
    ] = None,
) -> None:
    """Say what synthetic faces are worth: KID, target's share, identity, diversity, copies, and pairs to look at.

    Example: mien synth judge balanced --model vit_tiny
    """
    from mien.classifier.model_file import ModelFileClassifier
    from mien.provenance import file_hash, origin
    from mien.results.record import write
    from mien.results.synthesis import SynthesisJudgement
    from mien.synthesis import face_sheets
    from mien.synthesis import judge as judging

    check_suffix(out, ".json", what="JSON")
    target = out or folder / "judgement.json"
    check_outputs((), [target, target.with_suffix(".png")])
    classifier = ModelFileClassifier(model)
    persons = None
    if face_network is not None:
        from mien.synthesis.face_network import open_face_network

        persons = open_face_network(face_network)
    balanced = judging.read(folder)
    verdicts = judging.judge(balanced, classifier, seed, persons)
    judgement = SynthesisJudgement(
        model=classifier.name,
        model_hash=file_hash(classifier.file),
        seed=seed,
        generator=balanced.lines[0].generator,
        strength=balanced.strength,
        classes=verdicts,
        **origin(),
    )
    write(target, judgement)
    face_sheets.save(judging.pairs(balanced, seed), target.with_suffix(".png"))
    console = Terminal()
    for name, verdict in verdicts.items():
        console.print(_table(name, verdict))
    console.tell(f"wrote {target} and {target.with_suffix('.png').name}")


def _table(name: str, verdict: "ClassJudgement") -> Table:
    def percent(share: "ShareOfCount") -> str:
        return f"{share.value:.1%}  [{share.low:.1%}, {share.high:.1%}]"

    def kid(distance: "Distance") -> str:
        return f"{distance.mean:.4f}  (sd {distance.deviation:.4f})"

    table = Table(
        "", "synthetic", "their sources", f"real {name}", title=f"{name}: {verdict.synthetic:,} synthetic faces"
    )
    table.add_row(
        f"called {name}",
        percent(verdict.called_synthetic),
        percent(verdict.called_sources),
        percent(verdict.called_real),
    )
    table.add_row(
        f"KID to real {name}", kid(verdict.kid_synthetic), kid(verdict.kid_sources), kid(verdict.kid_real_halves)
    )
    for kind, of in (("patches", verdict.patches), ("a face network", verdict.persons)):
        if of is not None:
            table.add_row(f"KID by {kind}", *map(kid, (of.synthetic, of.sources, of.real_halves)))
    table.add_row("diversity", f"{verdict.diversity_synthetic:.3f}", "", f"{verdict.diversity_real:.3f}")
    for kind, identity in (("features", verdict.identity_features), ("pixels", verdict.identity_pixels)):
        text = f"{identity.to_source:.3f} to source, {identity.to_another:.3f} to another"
        table.add_row(f"distance by {kind}", text, "", "")
        table.add_row(f"source nearer by {kind}", percent(identity.source_is_nearer), "", "")
    table.add_row(f"near-copies of real {name}", percent(verdict.copies_of_training_faces), "", "")
    table.add_row("unchanged", percent(verdict.unchanged), "", "")
    return table
