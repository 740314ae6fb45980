"""StarGAN's two networks at 48 x 48 pixels: the generator and the critic (Choi et al. 2018).

Five things differ from the paper, each for a reason:

- The generator's output is added to the face. It starts as the face itself, so that the training is spent on the
  expression and not on learning to copy, which took most of the steps before.
- The target enters by class-conditional instance norm (Dumoulin et al. 2017) in every block, not as constant label maps
  beside the picture. A constant map adds one number to each channel, and the instance norm after the first convolution
  subtracts it again: away from the zero-padded border the target would not reach the rest of the network at all.
- The patch head has one score a class, and the picture's own class is read (as in StarGAN v2): a face is compared with
  real faces of its class, so that a rare class is not simply unlikely.
- What is added may be smoothed. An expression moves brows and mouths, which are pixels wide; stripes from pixel to
  pixel are what the class loss and the cycle loss ask for: they please the critic's classifier (adversarial examples),
  and hide the source in the made face (Chu et al. 2017).
- The critic has four halvings, since 48 pixels have no room for six.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from mien.data.dataset import FACE_SIZE
from mien.expressions import NAMES

HALVINGS = 4
CLASSES = len(NAMES)


class ConditionalNorm(nn.Module):
    """Instance norm whose scale and shift are the target class's own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale, self.shift = nn.Embedding(CLASSES, channels), nn.Embedding(CLASSES, channels)
        nn.init.normal_(self.scale.weight, 1.0, 0.02)
        nn.init.zeros_(self.shift.weight)

    def forward(self, maps: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Normalise maps for a class.

        Args:
            maps: float [N, C, h, w].
            target: Classes int64 [N].

        Returns:
            float [N, C, h, w].
        """
        scale, shift = self.scale(target)[:, :, None, None], self.shift(target)[:, :, None, None]
        return functional.instance_norm(maps) * scale + shift


class Residual(nn.Module):
    """Two 3 x 3 convolutions with conditional norms, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = ConditionalNorm(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = ConditionalNorm(channels)

    def forward(self, maps: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Add what the convolutions make of the maps.

        Args:
            maps: float [N, C, h, w].
            target: Classes int64 [N].

        Returns:
            float [N, C, h, w].
        """
        inner = self.first_norm(self.first(maps), target).relu()
        return maps + self.second_norm(self.second(inner), target)


class Enlarging(nn.Module):
    """A transposed convolution to twice the size, with a conditional norm."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(channels, channels // 2, 4, stride=2, padding=1, bias=False)
        self.norm = ConditionalNorm(channels // 2)

    def forward(self, maps: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Enlarge maps to half as many channels.

        Args:
            maps: float [N, C, h, w].
            target: Classes int64 [N].

        Returns:
            float [N, C / 2, 2 h, 2 w], at least 0.
        """
        return self.norm(self.convolution(maps), target).relu()


class Generator(nn.Module):
    """A face and a target class to the same face with that expression.

    Args:
        width: Channels at full size; the residual blocks work at a quarter of it with four times as many.
        blocks: How many residual blocks.
        smoothing: Standard deviation, in pixels, of the Gaussian that smooths what is added to the face; 0 for none.
    """

    def __init__(self, width: int, blocks: int, smoothing: float = 0.0) -> None:
        super().__init__()
        self.narrowing = nn.Sequential(
            nn.Conv2d(1, width, 7, padding=3, bias=False),
            nn.InstanceNorm2d(width, affine=True),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1, bias=False),
            nn.InstanceNorm2d(2 * width, affine=True),
            nn.ReLU(),
            nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1, bias=False),
            nn.InstanceNorm2d(4 * width, affine=True),
            nn.ReLU(),
        )
        self.changing = nn.ModuleList(Residual(4 * width) for _ in range(blocks))
        self.widening = nn.ModuleList([Enlarging(4 * width), Enlarging(2 * width)])
        self.last = nn.Conv2d(width, 1, 7, padding=3)
        for values in self.last.parameters():
            nn.init.zeros_(values)
        self.kernel: torch.Tensor
        self.register_buffer("kernel", gaussian(smoothing), persistent=False)

    def forward(self, faces: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Translate faces.

        Args:
            faces: float [N, 1, 48, 48] in [-1, 1].
            target: Classes int64 [N].

        Returns:
            float [N, 1, 48, 48], a little beyond [-1, 1] at times.
        """
        maps = self.narrowing(faces)
        for layer in (*self.changing, *self.widening):
            maps = layer(maps, target)
        return faces + functional.conv2d(self.last(maps), self.kernel, padding="same")


def gaussian(deviation: float) -> torch.Tensor:
    """The weights of a convolution that smooths.

    Args:
        deviation: In pixels; 0 leaves pictures as they are.

    Returns:
        float [1, 1, k, k] with the sum 1, k odd: to three deviations from the middle.
    """
    reach = math.ceil(3 * deviation)
    steps = torch.arange(-reach, reach + 1) / max(deviation, 1e-6)
    line = torch.exp(-(steps**2) / 2)
    kernel = torch.outer(line, line)
    return (kernel / kernel.sum())[None, None]


class Critic(nn.Module):
    """A face to how real it looks as each class, and to which class it shows.

    No norm: the gradient penalty is one picture's, and a norm over the batch would mix them.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for halving in range(HALVINGS):
            layers += [nn.Conv2d(channels, width * 2**halving, 4, stride=2, padding=1), nn.LeakyReLU(0.01)]
            channels = width * 2**halving
        self.trunk = nn.Sequential(*layers)
        self.realism = nn.Conv2d(channels, CLASSES, 3, padding=1, bias=False)
        self.expression = nn.Conv2d(channels, CLASSES, FACE_SIZE // 2**HALVINGS, bias=False)

    def forward(self, faces: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Judge faces as members of classes.

        Args:
            faces: float [N, 1, 48, 48] in [-1, 1].
            labels: int64 [N].

        Returns:
            Realism float [N], that of the picture as its label's class, the mean over 3 x 3 patches; and class logits
            float [N, 7].
        """
        maps = self.trunk(faces)
        realism = self.realism(maps).mean((2, 3)).gather(1, labels[:, None])[:, 0]
        return realism, self.expression(maps)[:, :, 0, 0]


def to_float(faces: torch.Tensor) -> torch.Tensor:
    """Grey levels as the networks take them.

    Args:
        faces: uint8 [N, 48, 48].

    Returns:
        float [N, 1, 48, 48] in [-1, 1].
    """
    return faces[:, None].float() / 127.5 - 1


def to_grey(faces: torch.Tensor) -> torch.Tensor:
    """What the generator gives, as grey levels.

    Args:
        faces: float [N, 1, 48, 48] in [-1, 1]; what lies beyond is clipped.

    Returns:
        uint8 [N, 48, 48].
    """
    return ((faces[:, 0].float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
