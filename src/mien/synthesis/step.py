"""One step of the training: some updates of the critic, one of the generator, one of its average."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch.nn import functional

from mien.synthesis import losses, sampling
from mien.synthesis.networks import Critic, Generator, to_float
from mien.synthesis.recipe import SynthesisRecipe
from mien.training.weights import load_weights

LOSSES = losses.CRITIC_LOSSES + losses.GENERATOR_LOSSES
_BEFORE_CAPTURE = 3  # steps that choose kernels and allocate states; a capture must find all of it done


class TrainingStep:
    """Both networks, their optimisers and the averaged generator on one device; call it with the step's number.

    totals: float [6], the sums of LOSSES since they were last set to zero (the critic's are means over its updates).
    """

    def __init__(self, recipe: SynthesisRecipe, faces: sampling.DeviceFaces, fabric: Fabric) -> None:
        self.recipe, self.faces, self.fabric = recipe, faces, fabric
        device = fabric.device
        torch.manual_seed(recipe.seed)
        generator = Generator(recipe.width, recipe.blocks, recipe.smoothing)
        self.generator = generator.to(device).to(memory_format=torch.channels_last)
        self.critic = Critic(recipe.critic_width).to(device).to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.generator).requires_grad_(False)
        self.totals = torch.zeros(len(LOSSES), device=device)
        generator_adam = self._adam(self.generator, recipe.generator_rate)
        self._critic_adam = self._adam(self.critic, recipe.critic_rate)
        # The critic is not set up by Fabric: it would run in the generator's precision.
        self._generator, self._generator_adam = fabric.setup(self.generator, generator_adam)
        self._table = torch.zeros(recipe.critic_steps + 1, recipe.batch_size, sampling.DRAWS, device=device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._calls = 0

    def __call__(self, number: int) -> None:
        """Take a step; on a GPU it may still be running when this returns.

        Args:
            number: Of the step, from 0.
        """
        self._table.copy_(
            sampling.roll(self.recipe.seed, number, (self.recipe.critic_steps + 1, self.recipe.batch_size))
        )
        share = self.recipe.rate_share(number)
        self._set_rate(self._critic_adam, self.recipe.critic_rate * share)
        self._set_rate(self._generator_adam, self.recipe.generator_rate * share)
        if number < self.recipe.class_steps:
            self._learn_classes()
        elif self.fabric.device.type == "cuda" and self.recipe.cuda_graph:
            self._replay()
        else:
            self._take()

    def state(self) -> dict[str, Any]:
        """Everything that `load` needs to go on.

        Returns:
            The networks' and optimisers' states by name.
        """
        return {
            "generator": self.generator.state_dict(),
            "critic": self.critic.state_dict(),
            "averaged": self.averaged.state_dict(),
            "generator_adam": self._generator_adam.state_dict(),
            "critic_adam": self._critic_adam.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`; before the first call.

        Args:
            state: Of a step with the same recipe.
        """
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critic"])
        self.averaged.load_state_dict(state["averaged"])
        self._generator_adam.load_state_dict(state["generator_adam"])
        self._critic_adam.load_state_dict(state["critic_adam"])

    def begin(self, weights: Path) -> None:
        """Let the generator begin at a trained one's weights, with a new critic; before the first call.

        Args:
            weights: The generator.safetensors of a run with generators of this size.

        Raises:
            ModelError: They cannot be read, or are of another size.
        """
        for generator in (self.generator, self.averaged):
            load_weights(generator, weights)

    def _adam(self, network: torch.nn.Module, rate: float) -> torch.optim.Adam:
        # The rate is a tensor, and the count of steps too (capturable): a graph reads both anew at each replay.
        on_gpu = self.fabric.device.type == "cuda"
        tensor = torch.tensor(rate, device=self.fabric.device)
        return torch.optim.Adam(network.parameters(), tensor, betas=(0.5, 0.999), fused=True, capturable=on_gpu)

    @staticmethod
    def _set_rate(optimiser: Any, rate: float) -> None:
        for group in optimiser.param_groups:
            group["lr"].fill_(rate)

    def _take(self) -> None:
        parts = [self._update_critic(*batch) for batch in self._critic_batches()]
        made_parts = self._update_generator(sampling.Dice(self._table[-1]))
        self.totals += torch.cat([torch.stack(parts).mean(0), made_parts])
        with torch.no_grad():
            for average, now in zip(self.averaged.parameters(), self.generator.parameters(), strict=True):
                average.lerp_(now, 1 - self.recipe.ema)

    def _learn_classes(self) -> None:
        """Update the critic on the classes of real faces alone: a generator learns nothing from one that knows none."""
        dice = sampling.Dice(self._table[:-1].flatten(0, 1))
        labels = sampling.any_class(dice.draw())
        faces = to_float(self.faces.faces[self.faces.of_class(labels, dice.draw())])
        _, logits = self.critic(sampling.moved(faces, dice), labels)
        real_class = functional.cross_entropy(logits, labels)
        self._critic_adam.zero_grad()
        self.fabric.backward(real_class)
        self._critic_adam.step()
        self.totals[LOSSES.index("real_class")] += real_class.detach()

    def _sources(self, dice: sampling.Dice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Faces of any class, their labels, and targets: every class as often as the others."""
        target = sampling.any_class(dice.draw())
        indices = self.faces.any(dice.draw())
        return sampling.mirrored(to_float(self.faces.faces[indices]), dice.draw()), self.faces.labels[indices], target

    @torch.no_grad()
    def _critic_batches(self) -> Iterator[tuple[torch.Tensor, ...]]:
        """Real faces, made ones, their classes and the mix of both, for each of the critic's updates.

        The generator stands still meanwhile, so all are made in one call.
        """
        dice = sampling.Dice(self._table[:-1].flatten(0, 1))
        faces, _, target = self._sources(dice)
        made = self._generator(faces, target)
        # Real faces of the made ones' classes: like is compared with like, and the rare class as often as any other.
        real = to_float(self.faces.faces[self.faces.of_class(target, dice.draw())])
        columns = sampling.moved(real, dice), sampling.moved(made, dice), target, dice.draw()
        return zip(*(column.split(self.recipe.batch_size) for column in columns), strict=True)

    def _update_critic(
        self, real: torch.Tensor, made: torch.Tensor, labels: torch.Tensor, mix: torch.Tensor
    ) -> torch.Tensor:
        loss, parts = losses.critic_loss(self.critic, real, made, labels, mix, self.recipe)
        self._critic_adam.zero_grad()
        self.fabric.backward(loss)
        self._critic_adam.step()
        return parts

    def _update_generator(self, dice: sampling.Dice) -> torch.Tensor:
        faces, labels, target = self._sources(dice)
        made = self._generator(faces, target)
        self.critic.requires_grad_(False)
        realism, logits = self.critic(sampling.moved(made, dice), target)
        returned = self._generator(made, labels)
        loss, parts = losses.generator_loss(realism, logits, target, faces, returned, self.recipe)
        self._generator_adam.zero_grad()
        self.fabric.backward(loss)
        self._generator_adam.step()
        self.critic.requires_grad_(True)
        return parts

    def _replay(self) -> None:
        """The step as a CUDA graph: thousands of small kernels are then started by one call.

        Only a whole captured step may hold a second derivative; `make_graphed_callables` and torch.compile may not.
        """
        if self._calls < _BEFORE_CAPTURE:
            self._calls += 1
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self._take()
            torch.cuda.current_stream().wait_stream(stream)
            return
        if self._graph is None:
            self._critic_adam.zero_grad()
            self._generator_adam.zero_grad()
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph):
                self._take()
        self._graph.replay()
