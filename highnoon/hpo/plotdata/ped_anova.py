"""PED-ANOVA for many resamples of the same trials at once.

Optuna's `PedAnovaImportanceEvaluator`, with its defaults, assesses one set of trials: how far the
distribution of a parameter among the best tenth of the trials differs from its distribution among
all of them. Both are Parzen estimates on a grid, and depend on the trials only by how many of them
lie in each cell. So the cells are found once, and a resample costs a count of them.

Watanabe et al. 2023, "PED-ANOVA", https://arxiv.org/abs/2304.10255; for parameters that only some
trials draw https://arxiv.org/abs/2601.20800, Theorem 4.2. A test holds the scores to Optuna's.

Symbols: R resamples, m trials in each, G cells of a parameter's grid, W trials that draw it.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from optuna.distributions import FloatDistribution, IntDistribution

from highnoon.hpo.reading import ParameterColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ped_anova"]

_TARGET = 0.1
_MOST_CELLS = 50
_FLOOR = 1e-12
_NARROWEST = 0.5 / 1.64
_erfc_of_each = np.frompyfunc(math.erfc, 1, 1)


@dataclasses.dataclass(frozen=True, eq=False)
class _Grid:
    """Where trials lie on the grid of a parameter: the cell of each, `size` where not drawn."""

    cell: "NDArray[np.int64]"
    size: int
    categorical: bool


def ped_anova(
    parameters: Sequence[ParameterColumn],
    loss: "NDArray[np.float64]",
    draws: "NDArray[np.int64]",
) -> "NDArray[np.float64]":
    """Return the scores of parameters in resamples, not normalised.

    A parameter is taken to be drawn from its newest distribution in all trials.

    Args:
        parameters: The parameters' values, a row per trial.
        loss: The trials' values, less is better.
        draws: [R, m]; rows of trials, those of a resample side by side, repeated ones too.

    Returns:
        [R, parameters]; at least 0, where 0 means that nothing is known to matter.
    """
    drawn = loss[draws]
    count = draws.shape[1]
    cutoff_at = math.ceil(_TARGET * count) - 1
    cutoff = np.partition(drawn, cutoff_at, axis=1)[:, cutoff_at, np.newaxis]
    in_target = drawn <= cutoff
    n_target = in_target.sum(axis=1)
    resample_of_target, _ = np.nonzero(in_target)
    target = draws[in_target]

    scores = np.zeros((len(draws), len(parameters)))
    for place, parameter in enumerate(parameters):
        if (grid := _grid(parameter)) is None:
            continue
        resamples = np.arange(len(draws))
        everyone = _counts(grid, draws.ravel(), np.repeat(resamples, count), len(draws))
        best = _counts(grid, target, resample_of_target, len(draws))
        n_everyone, n_best = everyone.sum(axis=1), best.sum(axis=1)
        known = np.flatnonzero((n_everyone >= 2) & (n_best >= 1))
        density = _densities(grid, everyone[known]) + _FLOOR
        density_of_best = _densities(grid, best[known]) + _FLOOR
        divergence = (density * (density_of_best / density - 1) ** 2).sum(axis=1)
        share_of_target = n_best[known] / n_target[known]
        share = n_everyone[known] / count
        quantile = n_target[known] / count
        scores[known, place] = share_of_target**2 / share * divergence * quantile**2
    return scores


def _grid(parameter: ParameterColumn) -> _Grid | None:
    """Return the grid of a parameter, None where it has a single value."""
    values = parameter.values
    drawn = ~np.isnan(values)
    if parameter.choices is not None:
        size = len(parameter.choices)
        cell = np.where(drawn, values, size).astype(np.int64)
        return _Grid(cell, size, categorical=True) if size > 1 else None
    dist = parameter.distribution
    assert isinstance(dist, FloatDistribution | IntDistribution)
    if dist.single():
        return None
    size = _MOST_CELLS
    if isinstance(dist, IntDistribution) and dist.log:
        size = min(size, int(np.ceil(np.log(dist.high - dist.low + 1) / np.log(2))) + 1)
    elif dist.step is not None:
        size = min(size, round((dist.high - dist.low) / dist.step) + 1)
    scale = np.log if dist.log else np.asarray
    low, high = scale(dist.low), scale(dist.high)
    cell = np.full(len(values), size, dtype=np.int64)
    # A value in the middle between two cells belongs to the lower one.
    nearest = np.ceil((scale(values[drawn]) - low) / ((high - low) / (size - 1)) - 0.5)
    cell[drawn] = np.clip(nearest, 0, size - 1).astype(np.int64)
    return _Grid(cell, size, categorical=False)


def _counts(
    grid: _Grid, trials: "NDArray[np.int64]", resample: "NDArray[np.int64]", resamples: int
) -> "NDArray[np.int64]":
    """Return [R, G]: how many of the trials of each resample lie in each cell."""
    width = grid.size + 1
    flat = np.bincount(resample * width + grid.cell[trials], minlength=resamples * width)
    return flat.reshape(resamples, width)[:, : grid.size]


def _densities(grid: _Grid, counts: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Return [R, G]: the Parzen estimate, with a prior that weighs one trial, in each cell."""
    weight = counts.sum(axis=1, keepdims=True)
    if grid.categorical:
        kernels = (counts > 0).sum(axis=1, keepdims=True) + 1
        observed = (weight / kernels + counts) / (grid.size / kernels + 1)
        return (observed + 1 / grid.size) / (weight + 1)
    sigma = _bandwidths(counts)
    tails = _upper_tails(sigma, grid.size)
    # A kernel's mass in the cell d cells away, and within the whole grid.
    mass = np.concatenate([1 - 2 * tails[:, :1], tails[:, :-1] - tails[:, 1:]], axis=1)
    inside = 1 - tails - tails[:, ::-1]
    cells = np.arange(grid.size)
    kernels = mass[:, np.abs(cells[:, np.newaxis] - cells)]
    observed = np.einsum("rgk,rk->rg", kernels, counts / inside)
    return (observed + _prior(grid.size)) / (weight + 1)


def _bandwidths(counts: "NDArray[np.int64]") -> "NDArray[np.float64]":
    """Return [R, 1]: Scott's rule by the smaller of standard deviation and quartile distance."""
    cells = np.arange(counts.shape[1])
    weight = counts.sum(axis=1)
    mean = counts @ cells / weight
    square = (counts * (cells - mean[:, np.newaxis]) ** 2).sum(axis=1)
    deviation = np.sqrt(square / np.maximum(1, weight - 1))
    below = np.cumsum(counts, axis=1)
    first_quartile = (below >= np.maximum(1, weight // 4)[:, np.newaxis]).argmax(axis=1)
    third_quartile = (below > (weight * 3 // 4)[:, np.newaxis]).argmax(axis=1)
    spread = np.minimum((third_quartile - first_quartile) / 1.34, deviation)
    return np.maximum(1.059 * spread * weight**-0.2, _NARROWEST)[:, np.newaxis]


def _upper_tails(sigma: "NDArray[np.float64]", size: int) -> "NDArray[np.float64]":
    """Return [R, size]: the probability of being more than d + 1/2 cells above the mean."""
    distance = (np.arange(size) + 0.5) / (sigma * math.sqrt(2))
    return 0.5 * _erfc(distance)


def _prior(size: int) -> "NDArray[np.float64]":
    """Return [size]: the mass of a kernel as wide as the grid, in its middle, in each cell."""
    edges = np.arange(size + 1) - size / 2
    below = 1 - 0.5 * _erfc(edges / (size * math.sqrt(2)))
    return np.diff(below) / (below[-1] - below[0])


def _erfc(values: "NDArray[Any]") -> "NDArray[np.float64]":
    return np.asarray(_erfc_of_each(values), dtype=np.float64)
