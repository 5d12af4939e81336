"""Regressions of quantiles."""

import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import d2_pinball_score, mean_pinball_loss
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import (
    check_parameters_default_constructible,
    check_supervised_y_2d,
)

from autonet import AutoNetClassification, AutoNetRegression, load, open_run
from autonet.core.errors import InvalidOption, RunMismatch
from autonet.models.export import to_tensors
from autonet.models.model import one_thread

LEVELS = [0.95, 0.05, 0.5]  # in no order
OPTIONS: dict[str, Any] = {
    "budget_type": "epochs",
    "min_budget": 9,
    "max_budget": 9,
    "max_trials": 1,
    "cross_validator": "none",
    "n_jobs": 1,
    "random_state": 0,
}

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def draw(n: int, seed: int) -> tuple[Any, Any]:
    """Draw targets whose spread grows with the second feature."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, size=(n, 3))
    return X, 100 * (X[:, 0] + (0.2 + np.abs(X[:, 1])) * rng.normal(size=n))


X, Y = draw(900, 1)
X_NEW, Y_NEW = draw(4000, 0)


def fit(preset: str = "tiny_cs", quantiles: Any = LEVELS, n: int = 200, **options: Any) -> AutoNetRegression:
    return AutoNetRegression(preset, quantiles=quantiles, **{**OPTIONS, **options}).fit(X[:n], Y[:n])


@pytest.fixture(scope="module")
def fitted() -> AutoNetRegression:
    """An ensemble for all rows."""
    scored = {"additional_metrics": ["pinball_0.05"], "X_test": X_NEW, "y_test": Y_NEW}
    options = {**OPTIONS, "max_trials": 2, "ensemble_size": 4, "min_budget": 3, "max_budget": 27}
    auto = AutoNetRegression("medium_cs", quantiles=LEVELS, **options)
    return auto.fit(X, Y, **scored)


def test_columns_are_in_the_order_asked_and_do_not_cross(fitted: AutoNetRegression) -> None:
    high, low, median = fitted.predict(X_NEW).T
    assert (low <= median).all()
    assert (median <= high).all()
    for level, predicted in zip(LEVELS, (high, low, median), strict=True):
        assert np.mean(predicted >= Y_NEW) == pytest.approx(level, abs=0.05)
    assert np.corrcoef(high - low, np.abs(X_NEW[:, 1]))[0, 1] > 0.7


def test_the_search_minimizes_the_mean_pinball_loss(fitted: AutoNetRegression) -> None:
    info, predicted = fitted.fit_result["info"], fitted.predict(X_NEW)
    losses = [mean_pinball_loss(Y_NEW, column, alpha=q) for q, column in zip(LEVELS, predicted.T, strict=True)]
    assert info["test_pinball"] == pytest.approx(np.mean(losses))
    assert info["test_pinball_0.05"] == pytest.approx(losses[1])
    assert info["val_pinball"] == info["loss"] > info["val_pinball_0.05"]
    assert min(report.loss for trial in fitted.history_ for report in trial.reports) >= info["loss"] * 0.9
    assert all("val_pinball" in report.metrics for trial in fitted.history_ for report in trial.reports)


def test_the_score_is_the_share_of_the_pinball_loss_that_is_explained(fitted: AutoNetRegression) -> None:
    predicted, weights = fitted.predict(X_NEW), np.arange(len(Y_NEW))
    shares = [
        d2_pinball_score(Y_NEW, column, alpha=q, sample_weight=weights)
        for q, column in zip(LEVELS, predicted.T, strict=True)
    ]
    assert fitted.score(X_NEW, Y_NEW, weights) == pytest.approx(np.mean(shares))
    assert 0.2 < fitted.score(X_NEW, Y_NEW) < 1


@pytest.mark.parametrize("coverage", [0.6, 0.9])
def test_intervals_hold_the_truth_as_often_as_asked_for(fitted: AutoNetRegression, coverage: float) -> None:
    ends = fitted.predict_interval(X_NEW, coverage)
    held = (ends[:, 0] <= Y_NEW) & (ends[:, 1] >= Y_NEW)
    assert held.mean() == pytest.approx(coverage, abs=0.08)
    shift = ends - fitted.predict(X_NEW)[:, [1, 0]]
    assert (
        np.median(np.abs(shift - np.median(shift, axis=0))) < 1e-9
    )  # each end is moved by the same, unless they cross


def test_files_and_pickles_predict_the_same_bits(fitted: AutoNetRegression, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.autonet")
    for again in (load(tmp_path / "model.autonet"), pickle.loads(pickle.dumps(fitted))):
        assert isinstance(again, AutoNetRegression)
        np.testing.assert_array_equal(again.predict(X_NEW), fitted.predict(X_NEW))
        np.testing.assert_array_equal(again.predict_interval(X_NEW), fitted.predict_interval(X_NEW))
        assert again.quantiles == LEVELS


def test_modules_predict_sorted_quantiles(fitted: AutoNetRegression) -> None:
    inputs, expected = to_tensors(fitted.model_.read(X_NEW[:50])), fitted.predict(X_NEW[:50])
    module = fitted.get_pytorch_model(include_preprocessing=True, ensemble=True)
    with torch.no_grad(), one_thread():
        np.testing.assert_allclose(module(*inputs).numpy(), expected, rtol=1e-5, atol=1e-3)


def test_exports_to_onnx_predict_sorted_quantiles(tmp_path: Path) -> None:
    auto = fit(ensemble_size=1)
    inputs, expected = to_tensors(auto.model_.read(X_NEW[:50])), auto.predict(X_NEW[:50])
    auto.export(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    names = {part.name for part in session.get_inputs()}
    arrays = dict(zip(("numbers", "codes"), (x.numpy() for x in inputs), strict=True))
    (exported,) = session.run(None, {name: arrays[name] for name in names})
    np.testing.assert_allclose(exported, expected, rtol=1e-4, atol=1e-2)
    assert '"quantiles": [' in (tmp_path / "model.json").read_text()


def test_outputs_of_the_network_are_decoded(fitted: AutoNetRegression) -> None:
    outputs = fitted.get_pytorch_model()(torch.from_numpy(fitted.transform(X_NEW))).detach().numpy()
    decoded = fitted.target_scale_.decode(outputs)
    assert decoded.shape == (len(X_NEW), 3)
    assert fitted.target_scale_.scale.shape == (1,)
    assert (decoded[:, 1] <= decoded[:, 2]).all()


def test_a_fit_repeats_itself_to_the_bit() -> None:
    first, second = (fit("medium_cs", max_trials=2).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("quantiles", [0.9, np.array([0.9])])
def test_a_single_quantile_has_the_shape_of_y(quantiles: Any) -> None:
    auto = fit(quantiles=quantiles, optimize_metric="pinball", additional_metrics=["neg_mean_absolute_error"])
    predicted = auto.predict(X)
    assert predicted.shape == Y.shape
    assert np.mean(predicted >= Y) == pytest.approx(0.9, abs=0.08)
    assert auto.score(X, Y) == pytest.approx(d2_pinball_score(Y, predicted, alpha=0.9))
    with pytest.raises(InvalidOption, match=r"needs a quantile below 0.5 and one above it; quantiles is \[0.9\]. Fit"):
        auto.predict_interval(X)
    assert clone(auto).get_params()["quantiles"] is not None


def test_scikit_learn_scores_them() -> None:
    scores = cross_val_score(AutoNetRegression("tiny_cs", quantiles=LEVELS, **OPTIONS), X[:300], Y[:300], cv=2)
    assert (scores > 0.1).all()


@pytest.mark.parametrize("check", [check_supervised_y_2d, check_parameters_default_constructible])
def test_they_pass_checks_of_scikit_learn(check: Any) -> None:
    check("AutoNetRegression", AutoNetRegression("tiny_cs", quantiles=0.5, **OPTIONS))


@pytest.mark.parametrize("transform", ["none", "log", "yeo_johnson"])
def test_every_transform(transform: str) -> None:
    auto = AutoNetRegression("tiny_cs", quantiles=LEVELS, target_transforms=[transform], **OPTIONS)
    y, y_new = np.exp(Y / 100), np.exp(Y_NEW / 100)
    high, low, _ = auto.fit(X, y).predict(X_NEW).T
    assert np.mean((low <= y_new) & (y_new <= high)) == pytest.approx(0.9, abs=0.1)
    constant = auto.fit(X[:100], np.full(100, 3.3e-6))
    assert (constant.predict(X) == 3.3e-6).all()
    assert constant.predict(X).shape == (len(X), 3)


@pytest.mark.parametrize("technique", ["standard", "mixup"])
@pytest.mark.parametrize("network", ["tabm", "realmlp", "shapedresnet"])
def test_every_kind_of_network_and_batch_loss(network: str, technique: str) -> None:
    options = {"networks": [network], "batch_loss_computation_techniques": [technique], "baseline": False}
    auto = AutoNetRegression("full_cs", quantiles=LEVELS, **{**OPTIONS, **options})
    predicted = auto.fit(X[:300], Y[:300], sample_weight=np.arange(300)).predict(X)
    assert (np.diff(predicted[:, [1, 2, 0]], axis=1) >= 0).all()
    assert auto.best_config_["LossModuleSelector:loss_module"] == "pinball_loss"


def test_weights_count() -> None:
    above = Y > 0
    auto = AutoNetRegression("tiny_cs", quantiles=0.5, **OPTIONS)
    shares = [np.mean(auto.fit(X, Y, sample_weight=w).predict(X) > 0) for w in (above * 9 + 1, 10 - above * 9)]
    assert shares[0] > shares[1] + 0.2


def test_the_baseline_begins_at_the_quantiles_of_the_targets() -> None:
    auto = AutoNetRegression("tiny_cs", quantiles=LEVELS, **OPTIONS)
    auto.fit(np.zeros((400, 2)), Y[:400])
    expected = np.quantile(Y[:400], LEVELS)
    np.testing.assert_allclose(auto.predict(np.zeros((1, 2)))[0], expected, atol=40)


def test_trees_are_left_out_with_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "autonet"):
        auto = fit("medium_cs", ensemble_size=3, max_trials=1)
    assert "tree ensembles are left out: they predict means, and no quantiles" in caplog.text
    assert set(auto.fit_result["models"]) <= {"0", "linear"}


def test_runs_go_on_and_tell_quantiles_apart(tmp_path: Path) -> None:
    auto = fit(run_dir=tmp_path)
    further = fit(run_dir=tmp_path, max_trials=2)
    assert [len(auto.history_), len(further.history_)] == [1, 2]
    (tmp_path / "model.autonet").unlink(missing_ok=True)
    best = open_run(tmp_path).best_estimator()
    assert best.predict(X).shape == (len(X), 3)
    with pytest.raises(RunMismatch, match="quantiles"):
        fit(quantiles=[0.1, 0.9], run_dir=tmp_path)


def test_a_configuration_is_fitted_again_for_other_quantiles_but_not_for_the_mean() -> None:
    auto = fit()
    auto.refit(X, Y, quantiles=[0.1, 0.9])
    assert auto.predict(X).shape == (len(X), 2)
    with pytest.raises(
        InvalidOption, match="best_config_ is of a regression of quantiles fit, and y is for regression"
    ):
        auto.refit(X, Y, quantiles=None)


def test_networks_are_trained_on_all_rows() -> None:
    auto = fit(refit_on_all_rows=True, ensemble_size=3)
    assert (np.diff(auto.predict(X)[:, [1, 2, 0]], axis=1) >= 0).all()


def test_a_function_gets_what_predict_returns() -> None:
    def mean_width(y_true: Any, y_pred: Any) -> float:
        assert y_true.ndim == 1
        return -float(np.mean(y_pred[:, 0] - y_pred[:, 1]))

    assert fit(additional_metrics=[mean_width]).fit_result["info"]["val_mean_width"] < 0


@pytest.mark.parametrize("levels", [0, 1.0, -0.1, [], [0.5, 0.5], [0.1, 1.2], "0.5", [["0.5"]], {0.5}, [np.nan], True])
def test_levels_are_different_numbers_between_0_and_1(levels: Any) -> None:
    with pytest.raises(InvalidOption, match="quantiles must be a number between 0 and 1, or a list of different ones"):
        fit(quantiles=levels)


def test_several_targets_are_refused() -> None:
    with pytest.raises(ValueError, match=r"quantiles are of a single target, and y has shape \(900, 2\); fit an"):
        AutoNetRegression(quantiles=LEVELS).fit(X, np.column_stack([Y, Y]))


def test_a_column_is_taken_for_a_row_of_targets() -> None:
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        auto = AutoNetRegression("tiny_cs", quantiles=0.5, **OPTIONS).fit(X[:100], Y[:100, None])
    assert auto.predict(X).shape == (len(X),)
    np.testing.assert_array_equal(auto.predict(X), fit(quantiles=0.5, n=100).predict(X))


def test_classes_have_no_quantiles() -> None:
    with pytest.raises(InvalidOption, match=r"quantiles=\[0.5\] are for a regression; remove them, or use AutoNetReg"):
        AutoNetClassification(quantiles=0.5).fit(X, Y > 0)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("r2", "'r2' is a metric of a single value per row, but several quantiles are predicted; use 'pinball'"),
        ("pinbal", "Unknown metric of quantiles 'pinbal'. Did you mean 'pinball'"),
        ("pinball_0.3", "Unknown metric of quantiles 'pinball_0.3'"),
    ],
)
def test_metrics_of_means_are_refused(metric: str, message: str) -> None:
    with pytest.raises(InvalidOption, match=message):
        fit(optimize_metric=metric)


def test_the_metric_of_quantiles_needs_them() -> None:
    with pytest.raises(InvalidOption, match="'pinball' is a metric of quantiles; pass those to predict, such as"):
        fit(quantiles=None, optimize_metric="pinball")


def test_networks_that_average_labels_are_refused() -> None:
    with pytest.raises(InvalidOption, match="component of NetworkSelector for regression of quantiles 'modernnca'"):
        fit("full_cs", networks=["modernnca"])


def test_losses_of_means_are_refused() -> None:
    with pytest.raises(InvalidOption, match="component of LossModuleSelector for regression of quantiles 'mse_loss'"):
        fit(loss_modules=["mse_loss"])
    auto = AutoNetRegression(quantiles=LEVELS)
    space = auto.get_hyperparameter_search_space()
    assert space["LossModuleSelector:loss_module"].choices == ("pinball_loss",)
