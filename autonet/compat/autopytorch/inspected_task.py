"""Methods of a task that show what its search came to, in the shapes of Auto-PyTorch 0.2.1."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sklearn.exceptions import NotFittedError

from autonet.compat.autopytorch.metrics import TaskMetric
from autonet.compat.autopytorch.plots import ColorLabelSettings, PlotSettingParams, plot_performance
from autonet.compat.autopytorch.results import (
    RunHistory,
    SearchResults,
    TrajectoryEntry,
    build_run_history,
    build_trajectory,
    format_statistics,
)
from autonet.core.errors import NoFinishedTrial
from autonet.core.validation import check_choice
from autonet.models.ensemble import Ensemble, NetworkMember
from autonet.pipeline.tabular import NODES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from autonet.estimators.base import AutoNet
    from autonet.models.model import FittedModel

__all__ = ["InspectedTask"]

PREPROCESSING = ("Imputation", "NormalizationStrategySelector", "EmbeddingSelector", "PreprocessorSelector")
ESTIMATOR = "NetworkSelector"
PLOT_SETTINGS = PlotSettingParams()
LINE_SETTINGS = ColorLabelSettings()


class InspectedTask:
    """Methods of a task after `search`; all raise `NotFittedError` before."""

    dataset_name: str | None
    _estimator: AutoNet | None
    _metric: TaskMetric
    _metrics: list[TaskMetric]

    @property
    def estimator_(self) -> AutoNet:
        """The fitted `AutoNetClassification` or `AutoNetRegression`."""
        if self._estimator is None:
            name = type(self).__name__
            raise NotFittedError(f"This {name} instance is not fitted yet. Call 'search' with appropriate arguments.")
        return self._estimator

    @property
    def run_history(self) -> RunHistory:
        """All runs: ``data`` maps keys to values with ``cost``, ``time``, ``status`` and ``additional_info``."""
        return build_run_history(self.estimator_, self._metric, self._metrics)

    @property
    def trajectory(self) -> list[TrajectoryEntry]:
        """Improvements of the best cost, in their order."""
        return build_trajectory(self.estimator_.history_, self._metric)

    @property
    def ensemble_performance_history(self) -> list[dict[str, Any]]:
        """Scores of the final ensemble, the only one that is built, with the time at which the search had ended."""
        runs, scores = self.run_history.data.values(), self._score_ensemble()
        ended = datetime.fromtimestamp(max(value.endtime for value in runs))
        name = self._metric.name
        return [{"Timestamp": ended, **{f"{part}_{name}": score for part, score in scores.items()}}]

    def _score_ensemble(self) -> dict[str, float]:
        """Return the score of the ensemble on the validation rows, "train" in Auto-PyTorch, and on the test rows."""
        info, metric = self.estimator_.fit_result["info"], self._metric
        parts = {"train": f"val_{metric.scorer}", "test": f"test_{metric.scorer}"}
        return {part: metric.from_score(info[name]) for part, name in parts.items() if name in info}

    def get_search_results(self) -> SearchResults:
        """Return all runs as columns.

        Returns
        -------
        SearchResults
        """
        return SearchResults(self.run_history, self._metric, self._metrics)

    def get_incumbent_results(self, include_traditional: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the configuration of the best run and its ``additional_info``.

        Parameters
        ----------
        include_traditional : bool
            Whether tree ensembles and the linear baseline take part.

        Raises
        ------
        NoFinishedTrial
            If no run has a value.
        """
        results = self.get_search_results()
        best = results.find_best(include_traditional=include_traditional)
        if best is None:
            raise NoFinishedTrial("No network was trained; give a larger total_walltime_limit.")
        return results.configs[best], results.additional_infos[best] or {}

    def sprint_statistics(self) -> str:
        """Return the number of runs by how they ended, and the best validation score, as a text."""
        return format_statistics(self.get_search_results(), self._metric, self.dataset_name)

    def get_models_with_weights(self) -> list[tuple[float, FittedModel]]:
        """Return the models of the ensemble, the heaviest first.

        Returns
        -------
        list of (float, FittedModel)
            Weight, and a model that predicts alone; its ``network`` is the torch module of a network.
        """
        model = self.estimator_.model_
        found = []
        for name, weight in sorted(model.ensemble.shares.items(), key=lambda item: -item[1]):
            members = [m for m, of in zip(model.ensemble.members, model.ensemble.names, strict=True) if of == name]
            networks = [member for member in members if isinstance(member, NetworkMember)]
            alone = replace(model, ensemble=Ensemble.from_members(name, members), best=networks or model.best)
            found.append((weight, alone))
        return found

    def show_models(self) -> str:
        """Return the models of the ensemble as a table in Markdown."""
        rows = [(*_describe(model), f"{weight:.4g}") for weight, model in self.get_models_with_weights()]
        header = ("Preprocessing", "Estimator", "Weight")
        lines = [header, ("---",) * len(header), *rows]
        numbers = ["", "---", *map(str, range(len(rows)))]
        return "\n".join(f"| {' | '.join((number, *line))} |" for number, line in zip(numbers, lines, strict=True))

    def plot_perf_over_time(
        self,
        metric_name: str,
        ax: Axes | None = None,
        plot_setting_params: PlotSettingParams = PLOT_SETTINGS,
        color_label_settings: ColorLabelSettings = LINE_SETTINGS,
        **kwargs: Any,
    ) -> None:
        """Plot the best value so far over the seconds of the search; needs the extra ``plot``.

        Parameters
        ----------
        metric_name : str
            The optimized metric, or one that `all_supported_metrics` recorded.
        ax : matplotlib.axes.Axes, optional
        plot_setting_params : PlotSettingParams
        color_label_settings : ColorLabelSettings
        **kwargs
            Arguments of ``ax.plot``.

        Raises
        ------
        UnknownName
            If there is no such metric.
        MissingPackage
            If matplotlib is not installed.
        """
        known = {metric.name: metric for metric in self._metrics}
        metric = known[check_choice("metric", metric_name, known)]
        plot_performance(
            self.get_search_results(),
            metric_name,
            larger_is_better=metric.larger_is_better,
            ensemble=self._score_ensemble() if metric == self._metric else {},
            ax=ax,
            settings=plot_setting_params,
            colors=color_label_settings,
            **kwargs,
        )


def _describe(model: FittedModel) -> tuple[str, str]:
    """Return the preprocessing and the estimator of a model, as names of components."""
    [name] = model.ensemble.shares
    member = model.ensemble.members[0]
    if not isinstance(member, NetworkMember):
        return "", str(name)
    steps = [member.config.get(NODES[node].key) for node in PREPROCESSING]
    return ",".join(str(step) for step in steps if step is not None), str(member.config.get(NODES[ESTIMATOR].key))
