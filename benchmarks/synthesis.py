"""How fast the StarGAN trains: generator steps a second, the critic's updates included, on random pictures.

    python benchmarks/synthesis.py --recipe recipes/stargan.toml --accelerator cuda

On a GPU the step is measured as one CUDA graph and, for comparison, kernel by kernel. Needs no data set.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from mien.data.dataset import FACE_SIZE, FaceData
from mien.expressions import NAMES
from mien.provenance import hardware
from mien.synthesis.recipe import SynthesisRecipe, read
from mien.synthesis.sampling import DeviceFaces
from mien.synthesis.step import TrainingStep
from mien.training.memory import keep_freed_memory
from mien.training.precision import precision_for

PICTURES = 28_000
WARM_UP = 5  # a CUDA graph is captured in the fourth step


def random_faces() -> FaceData:
    """As many pictures as FER2013's training part, of noise: the arithmetic is the same."""
    generator = np.random.default_rng(0)
    labels = np.arange(PICTURES) % len(NAMES)
    faces = generator.integers(0, 256, (PICTURES, FACE_SIZE, FACE_SIZE), np.uint8)
    texts = labels.astype(str)
    return FaceData(faces, labels, texts, texts, labels)


def steps_per_second(recipe: SynthesisRecipe, faces: FaceData, fabric: Fabric, steps: int) -> float:
    step = TrainingStep(recipe, DeviceFaces.of(faces, fabric.device), fabric)
    for number in range(WARM_UP):
        step(number)
    _ = step.totals.tolist()  # waits for the device
    started = time.perf_counter()
    for number in range(WARM_UP, WARM_UP + steps):
        step(number)
    _ = step.totals.tolist()
    return steps / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/stargan.toml"))
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    recipe = read(options.recipe)
    precision = precision_for(options.accelerator, recipe.precision)
    fabric = Fabric(accelerator=options.accelerator, devices=1, precision=precision)  # type: ignore[arg-type]
    faces = random_faces()
    ways = {"cuda graph": True, "kernel by kernel": False} if fabric.device.type == "cuda" else {"cpu": False}
    for way, graph in ways.items():
        speed = steps_per_second(replace(recipe, cuda_graph=graph), faces, fabric, options.steps)
        result = {
            "hardware": hardware(),
            "way": way,
            "recipe": options.recipe.name,
            "batch": recipe.batch_size,
            "critic_steps": recipe.critic_steps,
            "precision": precision,
            "generator_steps_per_second": round(speed, 3),
        }
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
