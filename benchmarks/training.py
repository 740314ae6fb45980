"""Training pictures a second: our loop beside a plain one with timm and a DataLoader, in the same run.

Both train the same network at the same size and precision with AdamW on made-up faces, mirrored, cropped and turned.
Ours is compiled, as the recipes have it; the plain one is as most scripts are: pictures decoded to PIL, torchvision's
transforms, worker processes, the loss read at each step.
Prints a table and writes results/benchmarks/training-<device>.json. The first epoch (and compilation) is not counted.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import timm
import torch
from lightning_fabric import Fabric
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from mien.data.dataset import FACE_SIZE, FaceData
from mien.expressions import NAMES
from mien.provenance import hardware, origin
from mien.results.benchmarks import TrainingSpeeds
from mien.results.record import made, write
from mien.training import loop
from mien.training.memory import keep_freed_memory
from mien.training.mixing import MIXINGS
from mien.training.networks import ARCHITECTURES, build
from mien.training.precision import precision_for
from mien.training.recipe import PRECISIONS, Recipe, Stage
from mien.training.run import RunFolder

ROOT = Path(__file__).parent.parent
JUDGED = 64  # pictures of the validation part; judging is not counted


def made_up_data(count: int) -> FaceData:
    generator = np.random.default_rng(0)
    return FaceData(
        faces=generator.integers(0, 256, (count, FACE_SIZE, FACE_SIZE), np.uint8),
        labels=generator.integers(0, len(NAMES), count),
        parts=np.full(count, "train"),
        ids=np.arange(count).astype(str),
        groups=np.arange(count),
    )


def ours(recipe: Recipe, data: FaceData, accelerator: str) -> float:
    """Pictures a second of the last of three epochs."""
    fabric = Fabric(accelerator=accelerator, devices=1, precision=recipe.precision)  # type: ignore[arg-type]
    network = build(recipe.network, recipe.pixels)
    judged = data.where(np.arange(len(data)) < JUDGED)
    with tempfile.TemporaryDirectory() as folder:
        curve = loop.train(recipe, network, data, judged, RunFolder(Path(folder)), fabric)
    return curve[-1].pictures_per_second


class PlainDataset(Dataset):
    """Faces as PIL pictures through torchvision's transforms."""

    def __init__(self, data: FaceData, pixels: int) -> None:
        self.data = data
        self.transform = transforms.Compose(
            [
                transforms.RandomResizedCrop(pixels, scale=(0.64, 1), ratio=(1, 1)),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(12),
                transforms.ColorJitter(0.15, 0.25),
                transforms.ToTensor(),
                transforms.Normalize((0.5,), (0.5,)),
            ]
        )

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.data.faces[place])), int(self.data.labels[place])


def plain(recipe: Recipe, data: FaceData, device: torch.device, workers: int) -> float:
    """Pictures a second of the last of three epochs."""
    model = timm.create_model(
        ARCHITECTURES[recipe.network].timm_name,
        in_chans=1,
        num_classes=len(NAMES),
        **({"img_size": recipe.pixels} if ARCHITECTURES[recipe.network].sized else {}),
    ).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate)
    loader = DataLoader(
        PlainDataset(data, recipe.pixels),
        recipe.batch_size,
        shuffle=True,
        num_workers=workers,
        drop_last=True,
        pin_memory=device.type == "cuda",
        persistent_workers=workers > 0,
    )
    speed = 0.0
    for _ in range(3):
        started, seen = time.monotonic(), 0
        for faces, labels in loader:
            faces, labels = faces.to(device, non_blocking=True), labels.to(device, non_blocking=True)
            with torch.autocast(device.type, torch.bfloat16, enabled=recipe.precision == "bf16-mixed"):
                loss = functional.cross_entropy(model(faces), labels)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
            seen += len(faces)
        speed = seen / (time.monotonic() - started)
    return speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--networks", nargs="+", default=["vit_tiny", "vit_small", "mobilenet_v2"], choices=ARCHITECTURES
    )
    parser.add_argument("--pixels", type=int, default=112)
    parser.add_argument("--pictures", type=int, help="a pass; 50 batches if left out, 16 on a CPU")
    parser.add_argument("--batch", type=int, help="512 on a GPU, 64 on a CPU if left out")
    parser.add_argument("--mixing", choices=MIXINGS, help="mix faces in our loop, which the plain one does not")
    parser.add_argument(
        "--patch-drop", type=float, default=0.0, help="share of patches our loop leaves out, as the CPU recipes do"
    )
    parser.add_argument(
        "--precision",
        default=precision_for("auto", "bf16-mixed"),
        choices=PRECISIONS,
        help="of both loops; %(default)s, which recipes take on this machine, if left out",
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, help="another results file")
    options = parser.parse_args()

    on_gpu = torch.cuda.is_available()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    batch = options.batch or (512 if on_gpu else 64)
    data = made_up_data(options.pictures or batch * (50 if on_gpu else 16))
    table = Table(
        "network", "ours", "plain timm + DataLoader", "ratio", title=f"Training pictures a second, {hardware()}"
    )
    rows = []
    for name in options.networks:
        recipe = Recipe(
            name,
            stages=(Stage(3, options.pixels, options.patch_drop),),
            batch_size=batch,
            precision=options.precision,
            compile=True,
        )
        if options.mixing:
            recipe = replace(recipe, mixing=MIXINGS[options.mixing]())
        mine = ours(recipe, data, "cuda" if on_gpu else "cpu")
        workers = min(os.cpu_count() or 1, 16) if on_gpu else 0  # on a CPU workers would take the training's cores
        theirs = plain(recipe, data, torch.device("cuda" if on_gpu else "cpu"), workers)
        table.add_row(name, f"{mine:,.0f}", f"{theirs:,.0f}", f"{mine / theirs:.2f}")
        rows.append({"network": name, "ours": mine, "plain": theirs, "ratio": mine / theirs})
    Console().print(table)
    settings = {
        "pixels": options.pixels,
        "batch": batch,
        "pictures": len(data),
        "mixing": options.mixing,
        "patch_drop": options.patch_drop,
        "precision": options.precision,
    }
    path = options.out or ROOT / "results" / "benchmarks" / f"training-{'gpu' if on_gpu else 'cpu'}.json"
    write(path, made(TrainingSpeeds, {**origin(), **settings, "rows": rows}))


if __name__ == "__main__":
    main()
