"""Starting weights: which files are taken, how much of them, and which are refused in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mien.errors import ModelError
from mien.results.runs import StartTensors
from mien.training.networks import build
from mien.training.run import RunFolder
from mien.training.weights import Taken, load_weights, start_from

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def tensors() -> State:
    """As timm names them, of a colour network with a head of its own: every number is another one."""
    import timm

    torch.manual_seed(0)
    backbone = timm.create_model("vit_tiny_patch16_224", pretrained=False, num_classes=10)
    return {name: torch.randn_like(values) for name, values in backbone.state_dict().items()}


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., tuple]:
    def start(state: State, network: str = "vit_tiny", pixels: int = 48) -> tuple:
        save_file(state, tmp_path / "start.safetensors")
        return start_from(tmp_path / "start.safetensors", network, pixels)

    return start


def test_timms_names_are_taken_with_the_legal_differences(start: Callable, tensors: State) -> None:
    network, taken = start(tensors)
    assert taken == Taken(150, 150, 2, "")  # the head is left over
    backbone = network.backbone.state_dict()
    torch.testing.assert_close(backbone["blocks.3.mlp.fc1.weight"], tensors["blocks.3.mlp.fc1.weight"])
    stem = tensors["patch_embed.proj.weight"].sum(1, keepdim=True)
    torch.testing.assert_close(backbone["patch_embed.proj.weight"], stem)
    assert backbone["pos_embed"].shape == (1, 1 + 3 * 3, 192)
    assert all(values.isfinite().all() for values in network.state_dict().values())


@pytest.mark.parametrize("prefix", ["backbone.", "module.model."])
def test_what_wrappers_put_before_the_names_is_left_out_and_said(start: Callable, tensors: State, prefix: str) -> None:
    network, taken = start({prefix + name: values for name, values in tensors.items()})
    assert taken == Taken(150, 150, 2, prefix)
    assert f"prefix '{prefix}' left out" in str(taken)
    assert torch.equal(network.backbone.norm.weight, tensors["norm.weight"])


def test_half_precision_and_a_missing_norm_are_taken(start: Callable, tensors: State) -> None:
    network, taken = start({name: values.half() for name, values in tensors.items() if not name.startswith("norm.")})
    assert (taken.taken, taken.of) == (148, 150)
    assert network.backbone.norm.weight.dtype == torch.float32
    assert torch.equal(network.backbone.cls_token, tensors["cls_token"].half().float())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda state: {f"mine.{name}": values for name, values in state.items()}, "only 0 of its 150 tensors"),
        (lambda state: dict(list(state.items())[::2]), "only 7[0-9] of its 150 tensors"),
        (lambda state: {name: v for name, v in state.items() if ".5." not in name}, "only 138 of its 150 tensors"),
        (lambda state: {name.replace("blocks", "layers"): v for name, v in state.items()}, "only 6 of its 150 tensors"),
        (lambda state: {name: v[..., :1].contiguous() for name, v in state.items()}, "not weights of vit_tiny"),
        (lambda state: {name: v.to(torch.int8) for name, v in state.items()}, "only 0 of its 150 tensors"),
        (lambda state: state | {"norm.bias": torch.full((192,), torch.nan)}, "norm.bias holds numbers that are not"),
        (lambda state: state | {"norm.bias": torch.full((192,), torch.inf)}, "norm.bias holds numbers that are not"),
        (
            lambda state: state | {f"blocks.{n}.ls1.gamma": torch.ones(192) for n in range(12)},
            r"no place for 12 of its tensors, e\.g\. blocks\.0\.ls1\.gamma",
        ),
        (
            lambda state: (
                state | {name.replace(".5.", ".12."): v.clone() for name, v in state.items() if ".5." in name}
            ),
            r"no place for 12 of its tensors, e\.g\. blocks\.12\.",
        ),
        (lambda state: {}, "holds no tensors"),
    ],
)
def test_weights_that_are_not_the_networks_are_refused(
    start: Callable, tensors: State, change: Callable[[State], State], reason: str
) -> None:
    with pytest.raises(ModelError, match=reason) as caught:
        start(change(tensors))
    assert "start.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("network", ["mobilenet_v2", "vit_small"])
def test_weights_of_another_network_are_refused(start: Callable, tensors: State, network: str) -> None:
    with pytest.raises(ModelError, match=f"not weights of {network}"):
        start(tensors, network, 64)


def test_files_of_other_kinds_are_refused(tmp_path: Path, tensors: State) -> None:
    torch.save(tensors, tmp_path / "a.pth")
    save_file(tensors, tmp_path / "whole.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole.safetensors").read_bytes()[:100_000])
    (tmp_path / "empty.safetensors").touch()
    models = Path(__file__).parents[1] / "models"
    for path in (tmp_path / "a.pth", tmp_path / "cut.safetensors", tmp_path / "empty.safetensors", tmp_path, models):
        with pytest.raises(ModelError, match="not a readable safetensors file"):
            start_from(path, "vit_tiny", 48)
    with pytest.raises(ModelError, match="no such weights"):
        start_from(tmp_path / "gone.safetensors", "vit_tiny", 48)


@pytest.mark.parametrize("name", ["vit_tiny", "resnet18_native"])
def test_own_weights_bring_their_head_along(start: Callable, name: str) -> None:
    own = build(name, 48)
    network, taken = start(own.state_dict(), name)
    assert (taken.taken, taken.left) == (taken.of, 0)
    expected = own.state_dict()
    assert all(torch.equal(values, expected[key]) for key, values in network.state_dict().items())


def test_own_weights_of_another_size_are_resampled(start: Callable) -> None:
    own = build("vit_tiny", 48)
    network, taken = start(own.state_dict(), "vit_tiny", 64)
    assert taken.taken == taken.of
    assert torch.equal(network.head.weight, own.head.weight)
    assert network.backbone.pos_embed.shape == (1, 17, 192)


def test_a_runs_weights_must_be_whole(tmp_path: Path) -> None:
    network, path = build("mobilenet_v2", 32), tmp_path / "weights.safetensors"
    state = network.state_dict()
    before = {name: values.clone() for name, values in state.items()}
    for change, reason in (
        ({"head.bias": torch.zeros(8)}, r"1 tensors differ, e.g. head.bias is \[8\] instead of \[7\]"),
        ({"head.extra": torch.zeros(1)}, "head.extra is not one of its own"),
        ({"head.bias": torch.full((7,), torch.nan)}, "head.bias holds numbers that are not finite"),
    ):
        save_file(state | change, path)
        with pytest.raises(ModelError, match=reason):
            load_weights(network, path)
    save_file({name: values for name, values in state.items() if name != "head.bias"}, path)
    with pytest.raises(ModelError, match=r"head\.bias is missing"):
        load_weights(network, path)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


def test_the_command_says_and_keeps_what_was_taken(
    tmp_path: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mien.cli.train import train

    (tmp_path / "tiny.toml").write_text(
        'network = "mobilenet_v2"\nstages = [{ epochs = 1, pixels = 32 }]\nsplit = "kaggle"\nbatch_size = 14\n'
    )
    backbone = build("mobilenet_v2", 32).backbone.state_dict()
    save_file({f"module.{name}": values for name, values in backbone.items()}, tmp_path / "start.safetensors")
    options = {"data": tiny_data, "accelerator": "cpu", "threads": 1}
    train(tmp_path / "tiny.toml", out=tmp_path / "run", weights=str(tmp_path / "start.safetensors"), **options)
    assert "260 of 260 tensors taken" in " ".join(capsys.readouterr().err.split())
    description = RunFolder(tmp_path / "run").description()
    assert description.start_tensors == StartTensors(taken=260, of=260)
    assert len(description.start_sha256 or "") == 64
    save_file({f"mine.{name}": values for name, values in backbone.items()}, tmp_path / "start.safetensors")
    with pytest.raises(ModelError, match="only 0 of its 260 tensors"):
        train(tmp_path / "tiny.toml", out=tmp_path / "other", weights=str(tmp_path / "start.safetensors"), **options)
    assert not (tmp_path / "other" / "run.json").exists()
