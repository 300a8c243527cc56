"""DeepGLLiM: a head fitted in closed form, and features fine-tuned towards it (CVPR 2017).

    method: {name: gllim, components: 5, pca: 64}

Features pass a linear layer (initialised with their principal components) and batch norm. Between
validations the network learns to give the features that the fitted GLLiM expects of the targets;
before each, `fit` runs EM on its present features. Predictions are those of the inverse map.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from edgereg.core.model_spec import Target
from edgereg_training.loop.errors import TrainingError
from edgereg_training.loop.recipe import Strict
from edgereg_training.methods.densities import GaussianMixture
from edgereg_training.methods.gllim.buffers import buffers_of, empty_buffers
from edgereg_training.methods.gllim.fit import GLLiM, Start
from edgereg_training.methods.gllim.parameters import Covariance
from edgereg_training.methods.method import FeatureShape, Head
from edgereg_training.methods.target_range import check_targets

Warmup = Literal["L1", "L2", "Huber"]
_WARMUPS = {
    "L1": functional.l1_loss,
    "L2": functional.mse_loss,
    "Huber": functional.smooth_l1_loss,
}


class GllimSettings(Strict):
    """components: K; covariance, start, iterations: see `gllim.GLLiM`.

    pca: size of the linear layer, at most that of the features; None for no such layer. batch_norm:
    after it. The paper has equal isotropic covariances; fine-tuning leaves errors that are alike
    in many features, which only full ones describe, and the layer keeps those small.
    warmup: loss of direct regression on targets scaled to -1..1, until `fit` has run
    `warmup_fits` times, and once at least. frozen: so many fits after those take the M-step only,
    at the posteriors of the start. assignment: features are drawn to one component, drawn from
    the posteriors given the target alone ('targets', the authors' code), or to all by those given
    target and features ('joint', the paper's Eq. 9), which lets features choose their component.
    """

    name: Literal["gllim"] = "gllim"
    components: int = Field(default=1, ge=1)
    covariance: Covariance = "full"
    start: Start = "targets"
    iterations: int = Field(default=100, ge=1)
    pca: int | None = Field(default=64, gt=0)
    batch_norm: bool = True
    warmup: Warmup = "L2"
    warmup_fits: int = Field(default=5, ge=0)
    frozen: int = Field(default=1, ge=0)
    assignment: Literal["joint", "targets"] = "targets"
    seed: int = 0

    def head(self, features: FeatureShape, targets: tuple[Target, ...]) -> Head:
        """Raises ValueError for an empty range."""
        check_targets(targets)
        return GllimHead(self, features, targets)


class GllimHead(Head):
    """The linear layer, batch norm, and GLLiM's parameters as buffers (see `buffers`).

    Before the first `fit` it answers with the middle of the targets' ranges.
    """

    middle: Tensor
    reach: Tensor
    fits: Tensor
    log_weights: Tensor
    centres: Tensor
    target_whitener: Tensor
    slopes: Tensor
    offsets: Tensor
    precision: Tensor
    noise: Tensor
    origin: Tensor
    inverse_maps: Tensor
    inverse_shifts: Tensor
    cholesky: Tensor

    def __init__(
        self, settings: GllimSettings, features: FeatureShape, targets: tuple[Target, ...]
    ) -> None:
        super().__init__()
        self.settings = settings
        self.targets = targets
        size = min(settings.pca or features.channels, features.channels)
        self.reduce = nn.Linear(features.channels, size) if settings.pca else nn.Identity()
        self.norm = nn.BatchNorm1d(size) if settings.batch_norm else nn.Identity()
        self.direct = nn.Linear(features.channels, len(targets))
        low = torch.tensor([target.low for target in targets])
        high = torch.tensor([target.high for target in targets])
        self.register_buffer("middle", (low + high) / 2)
        self.register_buffer("reach", (high - low) / 2)
        self.register_buffer("fits", torch.zeros((), dtype=torch.int64))
        nothing = empty_buffers(settings.components, len(targets), size, settings.covariance)
        for name, values in nothing.items():
            self.register_buffer(name, torch.from_numpy(values))

    def loss(
        self, features: Tensor, targets: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Direct regression in the warm-up, then the mean squared error of the features against
        A_k t + b_k over its expected value (the paper's MSE with a learning rate in 1/sigma^2):
        about 1 at first. Squares are not weighted by full covariances: that diverges."""
        scaled = (targets - self.middle) / self.reach
        if int(self.fits) < max(1, self.settings.warmup_fits):
            error = _WARMUPS[self.settings.warmup](self.direct(features), scaled)
            return {"loss": error}
        embedded = self._embedded(features)
        predicted = torch.einsum("kdl,bl->bkd", self.slopes, scaled) + self.offsets
        errors = embedded[:, None] - predicted
        with torch.no_grad():
            shares = self._shares(scaled, errors, generator)
        return {"loss": (shares * errors.square().mean(-1) / self.noise).sum(1).mean()}

    def value(self, features: Tensor) -> Tensor:
        """E[t | x]."""
        log_weights, means = self._mixture(features)
        expected = (log_weights.exp()[..., None] * means).sum(1)
        return self.middle + self.reach * expected

    def density(self, features: Tensor) -> GaussianMixture:
        """p(t | x): the K normals of the inverse map."""
        log_weights, means = self._mixture(features)
        cholesky = self.reach[:, None] * self.cholesky
        return GaussianMixture(
            log_weights,
            self.middle + self.reach * means,
            cholesky.expand(features.shape[0], *cholesky.shape),
        )

    @torch.no_grad()
    def fit(self, features: Tensor, targets: Tensor) -> None:
        """EM on these examples; the first time, also the principal components.

        Raises TrainingError for fewer examples than components, or values that are not finite.
        """
        settings = self.settings
        if isinstance(self.reduce, nn.Linear) and int(self.fits) == 0:
            weight = principal_components(features.double().cpu().numpy(), self.reduce.out_features)
            self.reduce.weight.copy_(torch.from_numpy(weight))
            self.reduce.bias.zero_()
        embedded = self._embedded_after_statistics(features)
        scaled = (targets - self.middle) / self.reach
        early = int(self.fits) < settings.warmup_fits + settings.frozen
        model = GLLiM(
            settings.components,
            settings.covariance,
            settings.start,
            iterations=1 if early else settings.iterations,
            seed=settings.seed,
        )
        fitted = model.fit(scaled.double().cpu().numpy(), embedded.double().cpu().numpy())
        for name, values in buffers_of(fitted, settings.components).items():
            getattr(self, name).copy_(torch.from_numpy(values))
        self.fits += 1

    def _embedded(self, features: Tensor) -> Tensor:
        embedded: Tensor = self.norm(self.reduce(features))
        return embedded

    def _embedded_after_statistics(self, features: Tensor) -> Tensor:
        """`_embedded` as in evaluation, with batch norm's statistics set to those of `features`."""
        reduced: Tensor = self.reduce(features)
        norm = self.norm
        if not isinstance(norm, nn.BatchNorm1d):
            return reduced
        mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
        mean.copy_(reduced.mean(0))
        variance.copy_(reduced.var(0))
        return functional.batch_norm(
            reduced, mean, variance, norm.weight, norm.bias, training=False, eps=norm.eps
        )

    def _shares(self, scaled: Tensor, errors: Tensor, generator: torch.Generator) -> Tensor:
        """Posteriors of the components, or one drawn from those given the target: [B, K]."""
        white = torch.einsum("klm,bkm->bkl", self.target_whitener, scaled[:, None] - self.centres)
        log_volume = self.target_whitener.diagonal(dim1=1, dim2=2).log().sum(1)
        scores = self.log_weights + log_volume - 0.5 * white.square().sum(-1)
        if self.settings.assignment == "targets":
            drawn = torch.multinomial(torch.softmax(scores, 1), 1, generator=generator)[:, 0]
            return functional.one_hot(drawn, scores.shape[1]).to(scores.dtype)
        # In units of the noise, and log|Sigma_k|^-1/2.
        if self.precision.ndim == 3:
            own = torch.einsum("kde,bke->bkd", self.precision, errors)
            log_precision = self.precision.diagonal(dim1=1, dim2=2).log().sum(1)
        else:
            own = errors * self.precision
            times = self.slopes.shape[1] // self.precision.shape[1]
            log_precision = times * self.precision.log().sum(1)
        return torch.softmax(scores + log_precision - 0.5 * own.square().sum(-1), dim=1)

    def _mixture(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Log-weights [B, K] and means [B, K, L] of p(t | x), t scaled to -1..1.

        One product with stacked maps gives, for each k, the part of its log-weight that is linear
        in x, the L numbers whose squares Woodbury's identity adds, and the L means.
        """
        error = self._embedded(features) - self.origin
        count, size = self.settings.components, len(self.targets)
        maps = (error @ self.inverse_maps + self.inverse_shifts).reshape(-1, count, 1 + 2 * size)
        explained, means = maps[:, :, 1 : size + 1], maps[:, :, size + 1 :]
        scores = maps[:, :, 0] + 0.5 * explained.square().sum(-1)
        return torch.log_softmax(scores - 0.5 * self._squares(error), dim=1), means

    def _squares(self, error: Tensor) -> Tensor:
        """Squared length of errors [B, D] in units of each component's noise: [B, K], or [B, 1]
        where it is the same for all."""
        if self.settings.covariance == "equal":
            return torch.zeros_like(error[:, :1])
        if self.precision.ndim == 3:
            white = error @ self.precision.flatten(0, 1).T
            return white.reshape(-1, *self.precision.shape[:2]).square().sum(-1)
        squares = error.square()
        if self.precision.shape[1] == 1:
            squares = squares.sum(1, keepdim=True)
        return squares @ self.precision.square().T


def principal_components(features: npt.NDArray[np.float64], count: int) -> npt.NDArray[np.float64]:
    """Directions of largest variance of features [N, D], as orthonormal rows [count, D]."""
    if not np.isfinite(features).all():
        raise TrainingError("GLLiM: the features hold a value that is not finite")
    covariance = np.cov(features, rowvar=False).reshape(features.shape[1], -1)
    _, vectors = np.linalg.eigh(covariance)
    return np.ascontiguousarray(vectors.T[::-1][:count])
