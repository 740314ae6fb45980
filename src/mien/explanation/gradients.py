"""Grad-CAM and attention rollout, for research: they need a network's insides, which no model file has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from mien.training.networks import ExpressionNetwork
from mien.training.networks.architecture import tokens_to_grid


def grad_cam(network: ExpressionNetwork, faces: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """Grad-CAM (Selvaraju et al. 2017, equations 1 and 2).

    The positive part of the activations, weighted by the mean gradient of the class's logit. Vision transformers are
    looked at before their last block, where tokens have yet to meet; the others at the features that are pooled, where
    it is the positive part of the exact map without the head's bias.

    Args:
        network: It is left in eval mode.
        faces: float [N, 1, h, w] in [0, 1].
        classes: int64 [N].

    Returns:
        float [N, rows, columns], at least 0.
    """
    network.eval()
    if not isinstance(network.backbone, VisionTransformer):
        with torch.no_grad():
            kept = network.locations(faces)
        kept.requires_grad_()
        logits = network.head(kept.mean((2, 3)))
        return _weighted(kept, *_gradient(logits, classes, kept))
    prefix = network.backbone.num_prefix_tokens
    height, width = (side // network.architecture.patch for side in faces.shape[2:])
    held: list[torch.Tensor] = []

    def hold(_: nn.Module, __: object, tokens: torch.Tensor) -> torch.Tensor:
        held.append(tokens.detach().requires_grad_())  # gradients are needed from here on only
        return held[0]

    with _frozen(network), _hooked([network.backbone.blocks[-1].norm1], hold):  # type: ignore[list-item]
        logits, _ = network(faces)
        slopes = _gradient(logits, classes, held[0])
    activations, gradients = (tokens_to_grid(of[:, prefix:], height, width) for of in (held[0], *slopes))
    return _weighted(activations, gradients)


def attention_rollout(network: ExpressionNetwork, faces: torch.Tensor) -> torch.Tensor:
    """Attention rollout (Abnar and Zuidema 2020): how much of each patch the pool sees.

    Attention is averaged over heads and mixed half and half with the skip connection, block by block. It is the same
    for every class.

    Args:
        network: A vision transformer; it is left in eval mode.
        faces: float [N, 1, h, w] in [0, 1].

    Returns:
        float [N, rows, columns].

    Raises:
        ValueError: The network is no vision transformer.
    """
    network.eval()
    backbone = network.backbone
    if not isinstance(backbone, VisionTransformer):
        raise ValueError(f"{network.architecture.name} has no attention over patches to roll out")
    layers: list[Any] = [block.attn for block in backbone.blocks]
    fused = [layer.fused_attn for layer in layers]
    held: list[torch.Tensor] = []

    def hold(_: nn.Module, __: object, attention: torch.Tensor) -> None:
        held.append(attention.mean(1))

    try:
        for layer in layers:
            layer.fused_attn = False  # the fused kernel never shows the attention
        with torch.no_grad(), _hooked([layer.attn_drop for layer in layers], hold):
            network(faces)
    finally:
        for layer, was in zip(layers, fused, strict=True):
            layer.fused_attn = was
    itself = torch.eye(held[0].shape[1], device=faces.device)
    flow = itself.expand_as(held[0])
    for attention in held:
        flow = (attention + itself) / 2 @ flow
    prefix = backbone.num_prefix_tokens
    seen = flow[:, prefix:, prefix:].mean(1)
    return seen.unflatten(1, (faces.shape[2] // network.architecture.patch, -1))


def _gradient(logits: torch.Tensor, classes: torch.Tensor, of: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), of)


def _weighted(activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
    weights = gradients.mean((2, 3), keepdim=True)
    return (weights * activations).sum(1).relu().detach()


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Parameters ask for no gradients: none of the layers below the held one then keeps anything."""
    asking = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in asking:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in asking:
            parameter.requires_grad_(True)


@contextmanager
def _hooked(layers: list[nn.Module], hook) -> Iterator[None]:  # type: ignore[no-untyped-def]
    handles = [layer.register_forward_hook(hook) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
