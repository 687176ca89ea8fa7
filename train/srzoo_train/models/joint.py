"""A denoiser and the encoder that feeds it, trained together."""

from torch import Tensor, nn


class Joint(nn.Module):
    """Called like its denoiser. The loss calls the encoder, which shares the optimizer and the average."""

    def __init__(self, encoder: nn.Module, denoiser: nn.Module):
        super().__init__()
        self.encoder = encoder.requires_grad_(True)
        self.denoiser = denoiser

    def forward(self, *given: Tensor) -> Tensor:
        return self.denoiser(*given)
