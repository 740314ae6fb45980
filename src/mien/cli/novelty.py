"""`mien novelty`: fit the gate to a model file, and measure how well it tells faces from everything else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.table import Column, Table

from mien.cli.console import Terminal, bar
from mien.cli.options import DataFolder, load_with_progress
from mien.cli.outputs import check_outputs
from mien.errors import DataError
from mien.storage import check_suffix

if TYPE_CHECKING:
    from mien.results.gate import GateScores

app = typer.Typer(help="The gate: know what is no face to judge.", no_args_is_help=True)

_NARROW: dict[str, Any] = {"box": box.SIMPLE_HEAD, "title_justify": "left", "padding": (0, 1, 0, 0)}  # for 80 columns
SplitOption = Annotated[str, typer.Option(help="The split that the model was trained with: official or kaggle.")]


@app.command()
def fit(
    model: Annotated[Path, typer.Argument(help="A model file, as `mien export` writes it.")],
    data: DataFolder,
    split: SplitOption = "official",
    out: Annotated[Path | None, typer.Option(help="The gated model file; in the model's place if left out.")] = None,
) -> None:
    """Fit the gate to a model and write it into the model file.

    Scores come from the training part alone, thresholds from the validation part: at least 95% of faces like those
    pass, as they are and as the detector finds them again. No pictures of anything else are needed. Python, browser and
    phone then all gate by the same file.

    Example: mien novelty fit runs/mobilenet_v2/mobilenet_v2.onnx --data fer2013
    """
    from mien.classifier.classifier import require_same_classes
    from mien.novelty import gate
    from mien.recognition.model import ModelFile

    check_suffix(out or model, ".onnx", what="an ONNX model")
    check_outputs((), [out or model])
    faces = load_with_progress(data, split)
    require_same_classes(model.stem, ModelFile(model).classes, faces.classes)
    with bar() as show:
        fitted = gate.fit(model, out or model, faces.training_part(), faces.part("validation"), show)
    found = "the detector finds too few of them to judge by it"
    if fitted.refused_found is not None:
        found = f"{fitted.refused_found:.1%} of those that the detector finds again"
    Terminal().tell(
        f"{out or model}: refuses {fitted.refused:.1%} of the validation faces; {found}; the file is "
        f"{fitted.growth / 1000:.1f} KB larger"
    )


@app.command()
def judge(
    data: DataFolder,
    ood: Annotated[
        list[Path] | None,
        typer.Option("--strange", help="A folder of pictures that show no faces; may be given several times."),
    ] = None,
    people: Annotated[
        Path | None, typer.Option(help="A text file that names the pictures in these folders that show people.")
    ] = None,
    world: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Pictures from elsewhere: faces/SET/CLASS and strange/KIND, through detector and gate.",
        ),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="Models to judge; all that ship if left out.")
    ] = None,
    split: SplitOption = "official",
    count: Annotated[int, typer.Option(help="Pictures of each kind that is made.", min=20)] = 1000,
    seed: Annotated[int, typer.Option(help="Draws them.")] = 0,
    out: Annotated[Path, typer.Option(metavar="FILE.json", help="The results; plots go beside it.")] = Path(
        "results/novelty.json"
    ),
    sheets: Annotated[
        Path | None, typer.Option(help="A folder for two sheets of pictures: what passes and what is refused wrongly.")
    ] = None,
) -> None:
    """Measure the gate beside its rivals, and whom it shuts out.

    Real faces are those of the part that is reported on. Kinds made from nothing or from them: noise, flat fields,
    textures, drawings; upside-down, half-covered, half, blurred, dark and masked faces, and faces behind hands. AUROC,
    and the classic FPR95: the share of strange pictures accepted where 95% of the real faces are. What refusing brings:
    accuracy of accepted and refused faces, the area under the risk-coverage curve, and how well faces are noticed on
    which FER+'s raters saw none of the seven expressions.

    Example: mien novelty judge --data fer2013 --strange photos --people people.txt --sheets out
    """
    from dataclasses import asdict

    from mien.classifier.classifier import require_same_classes
    from mien.classifier.model_file import ModelFileClassifier
    from mien.novelty import judge as judging
    from mien.novelty import ood_plots, ood_sets
    from mien.plotting import save
    from mien.provenance import file_hash, origin
    from mien.recognition.model import shipped_models
    from mien.recognition.recognizer import Recognizer
    from mien.results.gate import GateJudgement
    from mien.results.record import write

    check_suffix(out, ".json", what="JSON")
    check_outputs((), [out], [sheets])
    folders = [*(ood or []), *_folders(world, "strange")]
    names = _names(people)
    opened = [ModelFileClassifier(name) for name in models or shipped_models()]
    faces = load_with_progress(data, split)
    for one in opened:
        require_same_classes(one.name, one.classes, faces.classes)
    real = faces.part("test" if split == "official" else "validation")
    sets = ood_sets.all_ood_sets(real.faces, folders, names, count, seed)
    with bar() as show:
        made, novelty, scores = judging.judge(opened, faces.training_part(), real, sets, seed, show)
        gated = next(model for model in opened if model.gate is not None)
        judging.judge_photographs(made, Recognizer(gated.file), folders, _folders(world, "faces"), names, show)
    assert gated.gate is not None  # chosen for it
    judgement = GateJudgement(
        **vars(made),
        models={model.name: file_hash(model.file) for model in opened},
        data=real.fingerprint(),
        split=split,
        real_faces=len(real),
        count=count,
        seed=seed,
        gated_by=gated.name,
        gate=asdict(gated.gate),
        **origin(),
    )
    write(out, judgement)
    save(ood_plots.histograms(novelty, scores, gated.gate, made.far), out.with_name(f"{out.stem}-scores.png"))
    save(ood_plots.separations(made), out.with_name(f"{out.stem}-auroc.png"))
    if sheets is not None:
        for name, figure in ood_plots.mistakes(gated.gate, real, novelty, sets, scores, seed).items():
            save(figure, sheets / f"{name}.png")
    console = Terminal()
    for table in _tables(made, gated.name):
        console.print(table)
    console.tell(f"wrote {out} and its plots" + (f", and two sheets in {sheets}" if sheets else ""))


def _folders(world: Path | None, part: str) -> list[Path]:
    """The folders in a part of the pictures from elsewhere, by name."""
    place = world / part if world else None
    return sorted(entry for entry in place.iterdir() if entry.is_dir()) if place and place.is_dir() else []


def _names(path: Path | None) -> frozenset[str]:
    """File names, one a line; lines that begin with # are notes."""
    if path is None:
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a list of file names") from error
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _tables(made: "GateScores", gated: str) -> list[Table]:
    """For the terminal: the gate on each kind and on real faces, with the detector, and what refusing brings."""
    from mien.experiments.novelty import UNCLEAR, pipeline_rows, risk_rows, unclear_rows
    from mien.novelty.judge import OURS

    heads = ("", "AUROC", "FPR95", "refused", "as covered", "of")
    columns = (Column("kind", no_wrap=True), *(Column(head, justify="right", no_wrap=True) for head in heads))
    kinds = Table(*columns, title=f"The gate in {gated} on pictures that are no faces", **_NARROW)
    scores = made.separation[gated]
    for kind, said in made.passage.items():
        ours = scores[OURS][kind]
        kinds.add_row(
            kind,
            "far" if kind in made.far else "near",
            f"{ours.auroc:.3f}",
            f"{ours.fpr95:.3f}",
            f"{said.refused:.1%}",
            f"{said.covered:.1%}",
            f"{said.pictures:,}",
        )
    groups = [
        (name, "" if group == "all" else group, said) for group, of in made.refused.items() for name, said in of.items()
    ]
    groups += [(name, f"{group}, found", said) for group, of in made.found.items() for name, said in of.items()]
    refused = [(name, group, f"{said.refused:.1%}", f"{said.pictures:,}") for name, group, said in groups]
    found = ("folder", "pictures", "face found", "and known", "and covered")
    risk = ("real faces", "refused", "accepted: right", "refused: right", "area", "by confidence", "error")
    others = (
        ("Real faces that the gate refuses", ("real faces", "", "refused", "pictures"), refused),
        ("Detector and gate on other pictures", found, pipeline_rows(made.pipeline)),
        ("What refusing brings", risk, risk_rows(made.risk)),
        ("AUROC of what the seven expressions leave out", ("faces", *UNCLEAR), unclear_rows(made.unclear)),
    )
    return [kinds, *(_numbers(*of) for of in others if of[2])]


def _numbers(title: str, heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    """A table of names and numbers."""
    table = Table(heads[0], *(Column(head, justify="right") for head in heads[1:]), title=title, **_NARROW)
    for row in rows:
        table.add_row(*row)
    return table
