"""The estimators among those of scikit-learn: its own checks, and the tools that people put around an estimator."""

import inspect
import pickle
import unittest
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, cross_validate, learning_curve
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import estimator_html_repr
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from autonet import AutoNetClassification, AutoNetMultilabel, AutoNetRegression

OPTIONS: dict[str, Any] = {
    "max_trials": 1,
    "budget_type": "epochs",
    "min_budget": 2,
    "max_budget": 2,
    "random_state": 0,
}
CHECKED = [cls("tiny_cs", **OPTIONS) for cls in (AutoNetClassification, AutoNetRegression)]

NEEDS_ROUTED_SCORES = pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.8"),
    reason="before scikit-learn 1.8, cross_validate does not see which weights the steps of a pipeline request",
)

# Searches of a few epochs may well be beaten by the linear baseline; it says so.
pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def classifier(**options: Any) -> AutoNetClassification:
    return AutoNetClassification("tiny_cs", **{**OPTIONS, **options})


def regressor(**options: Any) -> AutoNetRegression:
    return AutoNetRegression("tiny_cs", **{**OPTIONS, **options})


def mixed(n: int = 90) -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers, a category that decides, and one that does not."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
            "color": pd.Series(rng.choice(["red", "green", "blue"], n), dtype="category"),
            "city": rng.choice(["Rome", "Oslo"], n),
        }
    )
    return X, np.where(X["color"] == "red", "yes", "no")


# ---- scikit-learn's own checks --------------------------------------------------------------------------------------


EXCUSED = {  # checks that scikit-learn skips
    "check_array_api_input": "asks for SCIPY_ARRAY_API=1 in the environment; passes with it",
    "check_classifiers_multilabel_output_format_decision_function": "there is no such method",
}


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")  # the checks deserve their warnings
@parametrize_with_checks(CHECKED)
def test_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    try:
        check(estimator)
    except unittest.SkipTest as reason:
        assert check.func.__name__ in EXCUSED, reason  # noqa: PT017 - skipped, or not
        raise


def test_the_estimator_of_several_labels_is_checked_with_that_of_classes() -> None:
    assert AutoNetMultilabel.__bases__ == (AutoNetClassification,)
    own = {name for name, value in vars(AutoNetMultilabel).items() if inspect.isroutine(value)}
    requests = {f"set_{method}_request" for method in ("fit", "predict", "predict_proba", "score")}
    assert own == requests  # of scikit-learn, in every class


# ---- models of models -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_a_column_transformer_before_it(output: str) -> None:
    X, y = mixed()
    before = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(sparse_output=False), ["color"]),
        remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform=output)
    pipe = make_pipeline(before, classifier(max_budget=9)).fit(X, y)
    assert pipe.score(X, y) > 0.9
    assert pipe.predict_proba(X.head(3)).shape == (3, 2)
    found = pipe[-1]
    assert found.n_features_in_ == 5
    if output != "default":
        assert list(found.feature_names_in_) == list(before.get_feature_names_out())
        assert {c.name: c.kind for c in found.columns_}["city"] == "categorical"


def test_cross_validation_and_grids() -> None:
    X, y = mixed()
    assert cross_val_score(classifier(), X, y, cv=3, error_score="raise").shape == (3,)
    grid = {"networks": [["shapedmlpnet"], ["shapedresnet"]], "validation_split": [0.2, 0.4]}
    search = GridSearchCV(classifier(max_trials=1), grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_.get_params()["networks"] == search.best_params_["networks"]
    assert set(search.predict(X)) <= {"yes", "no"}
    sizes, _, scores = learning_curve(classifier(max_trials=1), X, y, train_sizes=[0.5, 1.0], cv=2)
    assert scores.shape == (len(sizes), 2)


def test_ensembles_of_scikit_learn() -> None:
    X, y = mixed()
    other = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    members = [("net", classifier()), ("logistic", other)]
    for ensemble in (VotingClassifier(members, voting="soft"), StackingClassifier(members, cv=2)):
        assert ensemble.fit(X, y).score(X, y) > 0.9
    target = X["color"].cat.codes.to_numpy(float)
    members = [("net", regressor()), ("ridge", make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge()))]
    for ensemble in (VotingRegressor(members), StackingRegressor(members, cv=2)):
        assert ensemble.fit(X, target).score(X, target) > 0.5


def test_calibration() -> None:
    X, y = mixed()
    calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)
    assert list(calibrated.classes_) == ["no", "yes"]


def test_the_importance_of_columns() -> None:
    X, y = mixed()
    auto = classifier(max_budget=9).fit(X, y)
    importance = permutation_importance(auto, X, y, n_repeats=3, random_state=0).importances_mean
    assert dict(zip(X, importance, strict=True))["color"] > 0.2
    assert importance.argmax() == 1


# ---- weights and groups on their way --------------------------------------------------------------------------------


@pytest.mark.parametrize("piped", [False, pytest.param(True, marks=NEEDS_ROUTED_SCORES)])
def test_weights_and_groups_are_routed(piped: bool) -> None:
    X, y = mixed()
    weights, groups = (X["city"] == "Rome").to_numpy(float), np.repeat(np.arange(9), 10)
    with sklearn.config_context(enable_metadata_routing=True):
        net = classifier().set_fit_request(sample_weight=True, groups=True).set_score_request(sample_weight=True)
        pipe = Pipeline([("net", net)]).fit(X, y, sample_weight=weights, groups=groups)
        results = cross_validate(
            pipe if piped else net,
            X,
            y,
            cv=GroupKFold(3),
            params={"sample_weight": weights, "groups": groups},
            return_estimator=True,
            error_score="raise",
        )
    direct = classifier().fit(X, y, sample_weight=weights, groups=groups)
    np.testing.assert_array_equal(pipe.predict_proba(X), direct.predict_proba(X))
    train = np.flatnonzero(~np.isin(np.arange(90), next(iter(GroupKFold(3).split(X, y, groups)))[1]))
    part = classifier().fit(X.iloc[train], y[train], sample_weight=weights[train], groups=groups[train])
    np.testing.assert_array_equal(results["estimator"][0].predict_proba(X), part.predict_proba(X))


def test_weights_that_nobody_asked_for_are_refused_by_the_router() -> None:
    X, y = mixed(30)
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=r"\[sample_weight\] are passed but are not explicitly set as requested"),
    ):
        Pipeline([("net", classifier())]).fit(X, y, sample_weight=np.ones(30))


# ---- an ordinary estimator ------------------------------------------------------------------------------------------


def test_parameters() -> None:
    auto = classifier(networks=["shapedmlpnet"], optimize_metric="roc_auc")
    copy = clone(auto)
    assert copy.get_params() == auto.get_params()
    assert set(auto.get_params()) == set(AutoNetClassification().get_params())
    with pytest.raises(ValueError, match="Unknown option 'network'; the option is networks"):
        auto.set_params(network=["resnet"])
    assert copy.set_params(max_trials=1).fit(*mixed(30)).max_trials == 1
    assert not hasattr(clone(copy), "classes_")


def test_what_a_fit_says_of_its_input() -> None:
    X, y = mixed(40)
    auto = classifier(max_trials=1)
    assert not hasattr(auto, "n_features_in_")
    auto.fit(X, y)
    assert auto.n_features_in_ == 3
    assert auto.feature_names_in_.tolist() == ["size", "color", "city"]
    assert auto.classes_.tolist() == ["no", "yes"]
    auto.fit(X[["size"]].to_numpy(), y)  # another table: nothing of the first one is left
    assert auto.n_features_in_ == 1
    assert not hasattr(auto, "feature_names_in_")


@pytest.mark.parametrize("make", [classifier, regressor])
def test_drawings_for_notebooks(make: Any, iris: Any) -> None:
    auto = make(max_trials=1)
    for state in ("Not fitted", "Fitted"):
        html = estimator_html_repr(make_pipeline(StandardScaler(), auto))
        assert type(auto).__name__ in html
        assert state in auto._repr_html_()
        assert "tiny_cs" in html
        auto.fit(*iris)


@pytest.mark.parametrize("make", [classifier, regressor])
def test_pickles_predict_the_same(make: Any, tmp_path: Any) -> None:
    X, y = mixed(40)
    auto = make(max_trials=1).fit(X, y if make is classifier else np.arange(40.0))
    joblib.dump(auto, tmp_path / "auto.joblib")
    for back in (pickle.loads(pickle.dumps(auto)), joblib.load(tmp_path / "auto.joblib")):
        np.testing.assert_array_equal(back.predict(X), auto.predict(X))
        assert back.fit_result == auto.fit_result
        assert back.columns_ == auto.columns_
        back.fit(X, y if make is classifier else np.arange(40.0))  # and can be fitted anew
