"""Weights from safetensors files: read, checked, and counted as a network takes them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from mien.errors import DataError, ModelError
from mien.expressions import NAMES
from mien.results.record import read
from mien.results.runs import RunDescription
from mien.training.model_weights import MODEL_FILE, read_classes, read_model_file
from mien.training.networks import ARCHITECTURES, ExpressionNetwork, build

# Of a backbone's tensors, this share must come from the file. A last norm may be missing, where weights were made for
# another pool; a file of another network, or with other names, or of which a block is missing, lacks more. As large a
# share of the file's own must be taken, its head aside: what is left over inside a block makes it another network.
LEAST_TAKEN = 0.98
# What wrappers put before the names of a network's tensors.
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "encoder.", "network.", "net.")
_BACKBONE = "backbone."


@dataclass(frozen=True)
class Taken:
    """What a network took of a file of starting weights.

    Attributes:
        taken: How many of the backbone's tensors came from the file.
        of: How many it has.
        left: How many of the file's were left over, such as a head for other classes.
        prefix: What was left out before the tensors' names in the file.
        new_head: Whether the last layer begins anew because the file's is of other classes.
    """

    taken: int
    of: int
    left: int
    prefix: str
    new_head: bool = False

    def __str__(self) -> str:
        prefix = f", their prefix '{self.prefix}' left out" if self.prefix else ""
        left = f"; {self.left} of the file left over" if self.left else ""
        head = "; its last layer is of other classes and begins anew" if self.new_head else ""
        return f"{self.taken} of {self.of} tensors taken{prefix}{left}{head}"


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file by name, on the CPU.

    Args:
        path: The file.

    Returns:
        At least one tensor, all finite.

    Raises:
        ModelError: For a file that is missing, no safetensors file, empty, or that holds NaN or infinite numbers.
    """
    try:
        state = load_file(path)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such weights; give a safetensors file; has the run finished an epoch?") from error
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(
            f"{path}: not a readable safetensors file; pickles (.pth, .pt, .bin) are not opened, and a "
            "file that was cut short must be fetched anew"
        ) from error
    if not state:
        raise ModelError(f"{path}: holds no tensors")
    for name, values in state.items():
        if values.is_floating_point() and not values.isfinite().all():
            raise ModelError(f"{path}: {name} holds numbers that are not finite; these weights are of no use")
    return state


def load_weights(network: nn.Module, path: Path) -> None:
    """Load weights that this project's own training wrote into a network of the same kind, every tensor of it.

    Args:
        network: Is changed.
        path: A safetensors file.

    Raises:
        ModelError: Where they cannot be read, or are not this network's; nothing is then loaded.
    """
    _load(network, read_weights(path), path)


def _load(network: nn.Module, state: dict[str, torch.Tensor], path: Path) -> None:
    wanted = network.state_dict()
    wrong = [f"{name} is missing" for name in wanted.keys() - state.keys()]
    wrong += [f"{name} is not one of its own" for name in state.keys() - wanted.keys()]
    wrong += [
        f"{name} is {list(state[name].shape)} instead of {list(wanted[name].shape)}"
        for name in wanted.keys() & state.keys()
        if state[name].shape != wanted[name].shape
    ]
    if wrong:
        name = network.architecture.name if isinstance(network, ExpressionNetwork) else type(network).__name__
        raise ModelError(f"{path}: weights that do not fit {name}: {len(wrong)} tensors differ, e.g. {min(wrong)}")
    network.load_state_dict(state)


def start_from(
    path: Path, name: str, pixels: int, drop_path: float = 0.0, classes: tuple[str, ...] = NAMES
) -> tuple[ExpressionNetwork, Taken]:
    """A registered network that starts from a file: one with timm's names, or of this project's own training.

    Position embeddings are resampled to `pixels`, a colour stem is summed to grey, and a head for other classes is left
    over; own weights bring the head along where it is of the same classes.

    Args:
        path: A safetensors file, in any precision, or a model file of this project; its batch norms are to be given
            statistics then (`norms.restore_norms`).
        name: Of `networks.ARCHITECTURES`.
        pixels: The side of the network's input.
        drop_path: See `networks.build`.
        classes: What the network is to tell apart, in order.

    Returns:
        The network, and what it took of the file.

    Raises:
        ModelError: Where the file cannot be read, the backbone finds fewer of its tensors in it than `LEAST_TAKEN`, or
            more of the file's than that leaves have no place in parts that the backbone has.
    """
    state = read_model_file(path, name, pixels) if path.suffix == MODEL_FILE else read_weights(path)
    state, prefix = _without_prefix(state)
    own = _is_own(state)
    same_head = own and _classes_of(path, state) == classes
    if own and ARCHITECTURES[name].change is not None:  # timm does not know these backbones
        network = build(name, pixels, None, drop_path, len(classes))
        head = network.head.state_dict()
        kept = state if same_head else state | {f"head.{key}": values for key, values in head.items()}
        _load(network, kept, path)
        count = len(_floats(network.backbone.state_dict()))
        return network, Taken(count, count, 0, prefix, new_head=not same_head)
    backbone = {
        key.removeprefix(_BACKBONE): values.float() if values.is_floating_point() else values
        for key, values in state.items()
        if key.startswith(_BACKBONE) or not own
    }
    logging.getLogger("timm.models._builder").setLevel(logging.ERROR)  # it names every tensor left over
    try:
        # timm passes over what it has no place for: what it takes of NaN is then NaN, however it was resampled.
        unknown = {
            key: torch.full_like(values, torch.nan) if values.is_floating_point() else values
            for key, values in backbone.items()
        }
        probe = build(name, pixels, unknown, drop_path)
        network = build(name, pixels, dict(backbone), drop_path, len(classes))
    except ModelError as error:
        raise ModelError(f"{path}: not weights of {name}: {error}") from error
    found = [bool(values.isnan().all()) for values in _floats(probe.backbone.state_dict())]
    taken = Taken(sum(found), len(found), max(len(_floats(backbone)) - sum(found), 0), prefix, own and not same_head)
    if taken.taken < LEAST_TAKEN * taken.of:
        raise ModelError(
            f"{path}: not weights of {name} ({ARCHITECTURES[name].timm_name} in timm): only {taken.taken} of its "
            f"{taken.of} tensors are in the file, which has names like {next(iter(state))}"
        )
    parts = {part for part, module in network.backbone.named_children() if list(module.parameters())}
    places = network.backbone.state_dict().keys()
    foreign = [key for key in backbone if key.partition(".")[0] in parts and key not in places]
    if len(foreign) > (1 - LEAST_TAKEN) * len(backbone):
        raise ModelError(
            f"{path}: not weights of {name} ({ARCHITECTURES[name].timm_name} in timm), which has no place for "
            f"{len(foreign)} of its tensors, e.g. {foreign[0]}; name the network that they were made for"
        )
    if same_head:
        network.head.load_state_dict({key: state[f"head.{key}"] for key in ("weight", "bias")})
    return network, taken


def _without_prefix(state: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], str]:
    """The same tensors under the names that wrappers put something before, and what that was."""
    told = ""
    while not _is_own(state):
        prefix = next((one for one in PREFIXES if sum(key.startswith(one) for key in state) > len(state) / 2), None)
        if prefix is None:
            break
        state, told = {key.removeprefix(prefix): values for key, values in state.items()}, told + prefix
    return state, told


def _is_own(state: Mapping[str, torch.Tensor]) -> bool:
    """Whether weights came from this project's training: they have a head for some classes, too."""
    return "head.weight" in state and any(key.startswith(_BACKBONE) for key in state)


def _classes_of(path: Path, state: Mapping[str, torch.Tensor]) -> tuple[str, ...]:
    """What the head of own weights tells apart, by the model file or by the run.json beside them.

    Weights that say nothing are of the seven classes where their head has the size for it, and of unknown ones if not.
    """
    told = read_classes(path) if path.suffix == MODEL_FILE else _classes_of_run(path.parent)
    return told or (NAMES if len(state["head.weight"]) == len(NAMES) else ())


def _classes_of_run(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(read(RunDescription, folder / "run.json").classes or ())
    except DataError:
        return ()


def _floats(state: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    return [values for values in state.values() if values.is_floating_point()]
