"""Weights of the members of an ensemble as bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from autonet.core.errors import InvalidOption
from autonet.inspection.plots.figures import BLUE, GREEN, ORANGE, make_axes, shorten, strip_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from autonet.models.model import FittedModel

__all__ = ["EnsembleWeightsDisplay"]

COLORS = {"network": BLUE, "tree ensemble": GREEN, "linear network": ORANGE}


@dataclass
class EnsembleWeightsDisplay:
    """Plot of the weights of networks and tree ensembles in the model that predicts.

    Create it with `from_estimator` or `from_model`.

    Parameters
    ----------
    weights : dict of str to float
        Weights by label, the largest first.
    kinds : list of str
        Kind of each: "network", "tree ensemble" or "linear network".

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    bars_ : matplotlib.container.BarContainer

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from autonet import AutoNetClassification
    >>> auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    >>> display = EnsembleWeightsDisplay.from_estimator(auto.fit(*load_iris(return_X_y=True)))
    >>> round(sum(display.weights.values()), 6)
    1.0
    """

    weights: dict[str, float]
    kinds: list[str]

    @classmethod
    def from_estimator(cls, estimator: Any, *, ax: Axes | None = None) -> Self:
        """Plot the ensemble of a fitted estimator.

        Parameters
        ----------
        estimator : AutoNetClassification or AutoNetRegression
        ax : matplotlib.axes.Axes, optional
            Default: those of a new figure.

        Returns
        -------
        EnsembleWeightsDisplay

        Raises
        ------
        NotFittedError
        InvalidOption
            If `estimator` is not an estimator of autonet.
        MissingPackage
            If matplotlib is not installed.
        """
        if not hasattr(type(estimator), "model_"):
            raise InvalidOption(f"estimator must be a fitted estimator of autonet; got {type(estimator).__name__}.")
        return cls.from_model(estimator.model_, ax=ax)

    @classmethod
    def from_model(cls, model: FittedModel, *, ax: Axes | None = None) -> Self:
        """Plot the ensemble of a `FittedModel`; see `from_estimator`."""
        from autonet.models.ensemble import NetworkMember  # noqa: PLC0415 - imports torch
        from autonet.nets.registry import NETWORKS  # noqa: PLC0415 - imports torch

        ensemble = model.ensemble
        members = dict(zip(ensemble.names, ensemble.members, strict=True))
        weights, kinds = {}, []
        for name, weight in sorted(ensemble.shares.items(), key=lambda item: -item[1]):
            member = members[name]
            if name == "linear":
                kind, label = "linear network", "linear"
            elif isinstance(member, NetworkMember):
                kind, label = "network", f"trial {name}: {shorten(member.config[NETWORKS.key])}"
            else:
                kind, label = "tree ensemble", str(name)
            weights[label] = float(weight)
            kinds.append(kind)
        return cls(weights, kinds).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> Self:
        """Draw the plot.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        EnsembleWeightsDisplay
            The display itself.
        """
        from matplotlib.patches import Patch  # noqa: PLC0415 - an extra

        n = len(self.weights)
        ax = make_axes(type(self).__name__, ax, (7, 1.1 + 0.32 * n))
        self.bars_ = ax.barh(range(n), list(self.weights.values()), height=0.7)
        for bar, kind in zip(self.bars_, self.kinds, strict=True):
            bar.set_facecolor(COLORS[kind])
        ax.bar_label(self.bars_, [f"{weight:.0%}" for weight in self.weights.values()], padding=3)
        ax.set_yticks(range(n), list(self.weights))
        ax.invert_yaxis()
        ax.margins(x=0.1)
        ax.set(xlabel="weight in the ensemble")
        ax.xaxis.set_major_formatter("{x:.0%}")
        if len(set(self.kinds)) > 1:
            handles = [Patch(color=color, label=kind) for kind, color in COLORS.items() if kind in self.kinds]
            ax.legend(handles=handles, loc="lower right", frameon=False)
        strip_axes(ax)
        self.ax_, self.figure_ = ax, ax.get_figure()
        return self
