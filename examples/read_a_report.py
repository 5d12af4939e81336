"""
Read a report
=============

What a fit tried, which model won, how good it is and how sure, and which columns matter: first as tables and pictures,
then on one page. It needs the extra ``report``.
"""

from pathlib import Path
from tempfile import mkdtemp

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from autonet import AutoNetRegression
from autonet.inspection import LearningCurvesDisplay, PredictionsDisplay, TrajectoryDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
options = {"max_trials": 6, "budget_type": "epochs", "max_budget": 27, "random_state": 0}
auto = AutoNetRegression("medium_cs", cross_validator=3, **options)
auto.fit(X_train, y_train)

# %%
# The leaderboard has a row for every network, tree ensemble and baseline, and for the ensemble of the best of them,
# which predicts. Only its members are kept, so that only they are scored on the test rows.
columns = ["rank", "name", "family", "val_score", "test_score", "budget", "weight"]
print(auto.leaderboard(X_test, y_test).to_pandas()[columns].to_string(index=False, na_rep=""))

# %%
# When did the search find its best network? If it was at the very end, more time may find a better one.
TrajectoryDisplay.from_estimator(auto)

# %%
# Were networks still improving when they stopped? Then a higher ``max_budget`` may help.
LearningCurvesDisplay.from_estimator(auto)

# %%
# Scores with intervals, which say how much depends on the test rows that were drawn. Two models whose intervals overlap
# by far cannot be told apart on these rows.
print(auto.evaluate(X_test, y_test, metrics=["r2", "neg_mean_absolute_error"]))

# %%
# Points above the line are patients whose disease progressed more than predicted.
PredictionsDisplay.from_estimator(auto, X_test, y_test)

# %%
# Importance beside what a column of noise would reach by chance: an importance below it means little.
for row in auto.feature_importance(X_test, y_test):
    print(f"{row['feature']:3} {row['importance']:7.4f}, noise {row['noise']:.4f}")

# %%
# All of this, and the data, the search space, the network, and what failed, is on one page, which loads nothing else
# and can be sent by mail.
page = auto.report(Path(mkdtemp()) / "report.html", X_test, y_test, title="Diabetes")
print(f"{page.name}, {page.stat().st_size / 1024:.0f} KiB")
