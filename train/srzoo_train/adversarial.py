"""An optional last touch: a critic that learns to tell samples from photographs."""

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F

from .models.compact import conv
from .recipe import Stage


class Critic(nn.Module):
    """Pictures [n, 3, h, w] -> a mark for every patch [n, 1, h/4, w/4]; the higher, the more real."""

    def __init__(self, channels: int = 32):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, channels, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 2 * channels, 4, 2, 1), nn.LeakyReLU(0.2),
            conv(2 * channels, 2 * channels), nn.LeakyReLU(0.2),
        )
        self.head = conv(2 * channels, 1, gain=0.0)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.body(pictures))


def surprise(marks: Tensor, real: bool) -> Tensor:
    """-log of the probability that the critic gives the truth; ln 2 for marks of 0 (Goodfellow et
    al. 2014, section 3). A mean over patches alone, so that parts of a batch add up to the whole."""
    return F.softplus(-marks if real else marks).mean()


class Opponent:
    """The critic and its own optimizer; it learns after every step of the network."""

    def __init__(self, stage: Stage, seed: int, accelerator: Accelerator):
        torch.manual_seed(seed)
        self.accelerator = accelerator
        self.critic = Critic().to(accelerator.device)
        self.optimizer = torch.optim.AdamW(
            self.critic.parameters(), lr=stage.lr, betas=(0.5, 0.99), weight_decay=0.0
        )
        self._shown: list[tuple[Tensor, Tensor]] = []

    def judge(self, samples: Tensor, photographs: Tensor) -> Tensor:
        """The network's loss; keeps the pictures to learn from."""
        self._shown.append((samples.detach(), photographs))
        return surprise(self.critic(samples), real=True)

    def learn(self) -> float:
        """One step of the critic on what it was shown since the last one; returns its loss."""
        self.optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for samples, photographs in self._shown:
            with self.accelerator.autocast():
                told = surprise(self.critic(photographs), real=True)
                loss = (told + surprise(self.critic(samples), real=False)) / 2
            (loss / len(self._shown)).backward()
            total += loss.item() / len(self._shown)
        self._shown = []
        for parameter in self.critic.parameters():
            parameter.grad = self.accelerator.reduce(parameter.grad, "mean")
        self.optimizer.step()
        return total

    def state(self) -> dict:
        """What a resumed run needs."""
        return {"critic": self.critic.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict) -> None:
        """Goes on from a saved state."""
        self.critic.load_state_dict(state["critic"])
        self.optimizer.load_state_dict(state["optimizer"])
