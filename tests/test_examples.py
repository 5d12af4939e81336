"""Examples run, and the Python blocks of the README run, on small settings."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autonet import AutoNetClassification, AutoNetRegression
from autonet.data.images.files import ImageFormat, read_images
from autonet.search import Status, Study, minimize
from tests.blocks import run_page

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("AUTONET_DATA", ROOT.parent / "shared" / "data"))

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


def needs(file: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not (DATA / file).is_file(), reason=f"needs {file}: set AUTONET_DATA to its folder")


def example(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.usefixtures("cpu_clock")
def test_digits_draws_its_network(tmp_path: Path, capsys: Any) -> None:
    assert example("digits").main(max_runtime=2, folder=tmp_path, progress_bar=True) > 0.9
    assert (tmp_path / "convnet_arch.pdf").read_bytes().startswith(b"%PDF")
    captured = capsys.readouterr()
    assert "Test accuracy 0.9" in captured.out
    assert "OptimizerSelector:sgd:learning_rate = " in captured.out
    assert str(tmp_path / "convnet_arch.pdf") in captured.out
    assert ", best " in captured.err


def test_edit_the_space(capsys: Any) -> None:
    assert example("edit_the_space").auto.best_score_ > 0.9
    printed = capsys.readouterr().out
    assert re.findall(r"sgd:learning_rate, .* Range: (.*?), Default", printed) == ["[0.005, 0.2]", "[0.01, 0.1]"]
    assert "  OptimizerSelector:sgd:learning_rate = 0.0" in printed


@pytest.mark.usefixtures("custom_components")
def test_own_network(pyplot: Any, capsys: Any) -> None:
    assert example("own_network").auto.best_score_ > 0.5
    assert re.search(r"^0\.gate +Linear", capsys.readouterr().out, re.MULTILINE)
    assert {axes.get_xlabel() for axes in pyplot.gcf().axes} >= {"gated:width", "gated:depth"}


def test_from_data_to_service(monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    """Both services predict the same."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    monkeypatch.syspath_prepend(ROOT / "examples")
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    example("from_data_to_service")
    printed = capsys.readouterr().out
    assert re.search("heating +categorical +3: 'gas', 'oil', 'pump'", printed)
    loaded, exported = re.findall(r"^\[.*\]$", printed, re.MULTILINE)
    assert loaded == exported


def test_pictures_to_service(pyplot: Any, monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    """The service, without autonet, and the estimator say nearly the same: Pillow resizes slightly otherwise."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    page = example("pictures_to_service")
    served = [
        json.loads(text)
        for text in re.findall(r"^(?:circle|square|triangle) (\{.*\})$", capsys.readouterr().out, re.MULTILINE)
    ]
    expected = page.auto.predict_proba(page.files[::40])
    np.testing.assert_allclose([list(answer.values()) for answer in served], expected, atol=0.05)
    assert page.auto.score(page.files, page.labels) > 0.8
    assert len(pyplot.get_fignums()) == 5
    _check_reading(page, tmp_path)


def _check_reading(page: Any, folder: Path) -> None:
    """Turned, transparent, gray and 16-bit pictures are read by the service as in training."""
    pixels = np.random.default_rng(0).integers(256, size=(30, 40, 4), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures = [Image.fromarray(pixels), Image.fromarray(pixels[..., :3]), Image.fromarray(pixels[..., 0])]
    pictures.append(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257 - pixels[..., 0] % 7))
    for mode, channels, dtype in (("RGB", 3, "uint8"), ("L", 1, "uint8"), ("L", 1, "float32"), ("RGB", 3, "float32")):
        page.description["files"]["mode"] = mode
        page.description["inputs"][0]["dtype"] = dtype
        for picture in pictures:
            picture.save(folder / "picture.png", exif=exif)
            content = (folder / "picture.png").read_bytes()
            expected = read_images([content], ImageFormat(channels, (24, 24), is_bytes=dtype == "uint8")).values
            found = page.read(content)
            assert found.dtype == expected.dtype
            of_floats = dtype == "float32" and picture.mode.startswith("I")  # which are not rounded
            np.testing.assert_allclose(found.astype(float), expected, atol=0.01 if of_floats else 3)
    Image.fromarray(pixels[..., 0].astype(np.float32)).save(folder / "depth.tif")
    with pytest.raises(ValueError, match="A model of files of floats takes no others"):
        page.read((folder / "depth.tif").read_bytes())
    page.description["files"] |= {"mode": "F", "range": None}
    assert np.ptp(page.read((folder / "depth.tif").read_bytes())) > 99
    page.description["files"] = None
    with pytest.raises(ValueError, match="fitted to arrays that are not pictures; it takes no files"):
        page.read((folder / "depth.tif").read_bytes())


def test_images_of_autopytorch(pyplot: Any, monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    page = example("images_of_autopytorch")
    first, second = map(float, re.findall(r"^Accuracy (.*)$", capsys.readouterr().out, re.MULTILINE))
    assert min(first, second) > 0.7
    assert len(page.auto.history_) == 3
    assert len(pyplot.get_fignums()) == 1


def test_read_a_report(pyplot: Any, monkeypatch: Any, capsys: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.mkdtemp", lambda: str(tmp_path))
    example("read_a_report")
    printed = capsys.readouterr().out
    assert "hist_gradient_boosting" in printed
    assert re.search(r"^bmi +0\.", printed, re.MULTILINE)
    assert "<title>Diabetes" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(pyplot.get_fignums()) == 3


def test_aiqc_workflow(tmp_path: Path, capsys: Any) -> None:
    study = example("aiqc_workflow").main(epochs=(1, 2), folder=tmp_path)
    assert len(study.trials) == 16
    assert {"fold_2_mean", "train_std", "test_max"} <= set(study.aggregate().columns)
    assert "Feature names seen at fit time, yet now missing:\n- petal width (cm)" in capsys.readouterr().out
    assert len(example("aiqc_workflow").main(epochs=(1, 2), folder=tmp_path).trials) == 16  # nothing is tried again


@needs("nyc_taxis.parquet")
@pytest.mark.usefixtures("cpu_clock")
def test_taxi_fares(monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve()))
    assert example("taxi_fares").main(max_runtime=2) < 3
    printed = capsys.readouterr().out
    assert re.search(r"pickup_zone +categorical +181 levels, 0.4% missing", printed)
    assert "distance" in printed.split("dollars")[1]


@needs("mnist.npz")
@pytest.mark.usefixtures("cpu_clock")
def test_mnist(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve()))
    monkeypatch.chdir(tmp_path)
    assert example("mnist").main(max_runtime=4, min_budget=1, max_budget=3) > 0.9
    assert "Accuracy score 0.9" in capsys.readouterr().out
    assert (tmp_path / "convnet_arch.pdf").is_file() == bool(shutil.which("dot"))


@pytest.fixture
def pyplot(monkeypatch: Any) -> Any:
    pytest.importorskip("matplotlib", reason="needs matplotlib, for the pictures")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def test_decision_regions(pyplot: Any) -> None:
    figure = example("decision_regions").main(max_trials=2, max_budget=9)
    titles = [axes.get_title() for axes in figure.axes]
    assert re.fullmatch(r"logistic regression: accuracy 0\.\d\d", titles[0])
    assert re.fullmatch(r"autonet: accuracy 0\.\d\d", titles[1])


def test_plots_of_a_search(pyplot: Any) -> None:
    example("plots_of_a_search").main(max_trials=4, max_budget=3)
    labels = [pyplot.figure(number).axes[0].get_ylabel() for number in pyplot.get_fignums()]
    assert len(labels) == 13
    assert labels[0] == labels[1] == "validation accuracy"
    assert labels[-2:] == ["true", "residual (true - predicted)"]


# --- the search


def test_search_for_anything(pyplot: Any, capsys: Any) -> None:
    page = example("search_for_anything")
    assert page.study.best.value < -1.5, "near the bottom of the valley"
    assert page.study.best.budget == 81
    neighbors, forest, _ = re.findall(r"^(.*?) with \{", capsys.readouterr().out, re.MULTILINE)
    assert min(float(neighbors), float(forest)) > 0.93
    assert len(pyplot.get_fignums()) == 2


def test_look_at_a_search(pyplot: Any, capsys: Any) -> None:
    searches = example("look_at_a_search").main(max_trials=15, seeds=range(2))
    assert [len(studies) for studies in searches.values()] == [2, 2]
    assert len(pyplot.get_fignums()) == 2
    assert capsys.readouterr().out.startswith("trial ")


def test_the_tutorial_of_hyperopt(capsys: Any) -> None:
    tutorial = example("hyperopt_tutorial")
    tutorial.main(max_trials=5)
    printed = capsys.readouterr().out
    assert re.findall("^(.*?):", printed, re.MULTILINE) == [
        "parabola",
        "two cases",
        "KNN on iris",
        "SVC on iris",
        "decision tree on iris",
    ]
    assert tutorial.parabola().best.config["x"] == pytest.approx(3, abs=0.05)
    bests = [tutorial.two_cases(random_state=seed).best for seed in range(3)]
    found = [b for b in bests if b.value < 1e-2]
    assert len(found) >= 2
    assert all(set(b.config) == {"a", "a:case 2:c2"} for b in found), "inactive hyperparameters are absent"


def test_iris_as_in_the_tutorial_of_hyperopt() -> None:
    studies = example("hyperopt_tutorial").classifiers_of_iris(max_trials=50)
    accuracies = {name: round(study.best.value, 6) for name, study in studies.items()}
    assert accuracies["KNN"] == 0.98
    assert accuracies["SVC"] >= 0.98
    assert accuracies["decision tree"] >= 0.96
    assert len(studies["KNN"].trials) == 49, "a small space is searched to its end"


@pytest.mark.parametrize("data", [pytest.param("mnist", marks=needs("mnist.npz")), "digits"])
def test_the_convnet_of_optuna(data: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve() if data == "mnist" else tmp_path))
    study = example("optuna_convnet").main(["--trials", "4", "--timeout", "100", "--rows", "300", "--epochs", "2"])
    for trial in study.trials:
        assert len([name for name in trial.config if name.startswith("filters_")]) == trial.config["conv_layers"]
    assert all(len(t.curve) == 2 for t in study.trials), "a value after each epoch"
    printed = capsys.readouterr().out
    assert "Of 4 trials: {" in printed
    assert "Test accuracy 0." in printed


def test_an_objective_for_optuna_gives_the_same_values_under_both(tmp_path: Path, monkeypatch: Any) -> None:
    optuna = pytest.importorskip("optuna", reason="needs optuna, to compare with")
    monkeypatch.setenv("AUTONET_DATA", str(tmp_path))
    convnet = example("optuna_convnet")
    train, valid, _ = convnet.load_images(rows=600)
    objective = convnet.make_objective(train, valid, epochs=6, batch_size=16)

    ours = Study(direction="maximize", random_state=0)
    learns = {"conv_layers": 1, "filters_0": 32, "conv_dropout": 0.1, "optimizer": "Adadelta", "lr": 0.5}
    ours.enqueue({**learns, "linear_layers": 1, "units_0": 64, "dropout_0": 0.1})
    ours.optimize(objective, max_trials=3, on_error="raise")
    assert ours.best.value > 0.5
    for trial in ours.trials:
        assert objective(optuna.trial.FixedTrial(dict(trial.config), number=trial.number)) == trial.value

    theirs = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.optimize(objective, n_trials=2)
    assert {t.state.name for t in theirs.trials} <= {"COMPLETE", "PRUNED"}
    assert {name for t in theirs.trials for name in t.params} >= {"conv_layers", "filters_0", "optimizer", "lr"}


def test_the_exception_of_optuna_prunes_a_trial() -> None:
    optuna = pytest.importorskip("optuna", reason="needs optuna, for its exception")

    def objective(trial: Any) -> float:
        x = trial.suggest_float("x", 0, 1)
        for step in range(5):
            trial.report(x, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return float(x)

    ours = minimize(objective, sampler="random", max_trials=30, random_state=0)
    theirs = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    theirs.optimize(objective, n_trials=30)
    pruned = [t for t in ours.trials if t.status is Status.PRUNED]
    assert len(pruned) >= 5
    assert len([t for t in theirs.trials if t.state.name == "PRUNED"]) >= 5
    assert {t.status for t in ours.trials} == {Status.PRUNED, Status.FINISHED}
    assert all(t.curve == [(0, t.config["x"])] for t in pruned)


@pytest.fixture
def taxi(monkeypatch: Any) -> Any:
    pytest.importorskip("pandas", reason="needs pandas, for the table")
    pytest.importorskip("pyarrow", reason="needs pyarrow, to read the table")
    pytest.importorskip("lightning.pytorch", reason="needs lightning")
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve()))
    return example("lightning_taxi")


@needs("nyc_taxis.parquet")
@pytest.mark.filterwarnings("ignore")  # Lightning warns about itself
def test_lightning_on_taxi_fares(taxi: Any, capsys: Any) -> None:
    study = taxi.main(max_trials=4, timeout=200, max_epochs=2)
    assert study.best.value < 7, "the standard deviation of the fares is 11.6"
    for trial in study.trials:
        widths = [name for name in trial.config if name.startswith("width_")]
        assert widths == [f"width_{i}" for i in range(trial.config["n_layers"])]
        assert len(trial.curve) == 2 or trial.status is Status.PRUNED
    assert len({trial.config["seed"] for trial in study.trials}) == 4
    printed = capsys.readouterr().out
    assert re.search(r"number +value +params_seed +state", printed)
    assert f"{study.best.config['seed']}" in printed


@needs("nyc_taxis.parquet")
@pytest.mark.usefixtures("cpu_clock")
@pytest.mark.filterwarnings("ignore")  # Lightning warns about itself
def test_lightning_ends_at_the_deadline_and_its_last_report_counts(taxi: Any) -> None:
    study = taxi.main(timeout=2, max_epochs=10_000)
    assert [trial.status for trial in study.trials] == [Status.CUT]
    assert study.best.value == study.best.curve[-1][1]


@needs("hiv.npz")
def test_deepchem_on_hiv_goes_on_where_it_ended(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("AUTONET_DATA", str(DATA.resolve()))
    hiv = example("deepchem_hiv")
    small = ["--steps", "30", "--validate-every", "10", "--rows", "3000", "--run-dir", str(tmp_path / "run")]
    first = hiv.main(["--trials", "2", *small])
    second = hiv.main(["--trials", "3", *small])
    assert [t.config for t in second.trials[:2]] == [t.config for t in first.trials]
    assert [t.reports[0].began for t in second.trials[:2]] == [t.reports[0].began for t in first.trials]
    assert len(second.trials) == 3
    for trial in second.trials:
        assert trial.config["layer_sizes"] in [[500], [1000], [2000], [1000, 1000]]
        assert [step for step, _ in trial.curve] == [10, 20, 30]
        assert trial.value == max(score for _, score in trial.curve), "the best checkpoint, not the last"
    assert "Best of 3 trials: validation ROC-AUC 0." in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore")  # DeepChem warns about what it lacks
def test_a_model_of_deepchem(tmp_path: Path) -> None:
    pytest.importorskip("deepchem", reason="needs deepchem")
    study = example("deepchem_multitask").main(2, 4, tmp_path)
    for trial in study.trials:
        assert trial.config["layer_sizes"] in [[50], [100], [50, 50]]
        assert (tmp_path / "trials" / str(trial.number) / "checkpoint1.pt").exists()
    assert study.best.value > 0.5


# --- the README


def test_blocks_of_the_readme(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run_page(ROOT / "README.md", {})


def test_the_readme_is_read_in_two_minutes() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert 110 <= len(text.splitlines()) <= 130
    assert len(text.split()) <= 900
    assert len(re.findall(r"\d+(?:[.,]\d+)*", text)) <= 40


def test_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert len(targets) > 10
    assert [t for t in targets if not (ROOT / t).is_file()] == []


def test_serving(tmp_path: Path) -> None:
    """The serving example predicts as the estimator does, and imports neither autonet nor scikit-learn."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    rng = np.random.default_rng(0)
    towns = rng.choice(["Bern", "Lima", "Oslo"], 90).tolist()
    rows = [{"size": size, "town": town} for size, town in zip(rng.normal(size=90).tolist(), towns, strict=True)]
    auto = AutoNetClassification("tiny_cs", max_trials=2, budget_type="epochs", max_budget=9, random_state=0)
    auto.fit(rows, np.where(rng.random(90) < 0.2, "Lima", towns)).export(tmp_path / "model.onnx")
    sent = [*rows[:3], {"town": "Oslo", "size": None, "id": 7}, {"size": 0.5, "town": "Kyiv"}]
    script = f"import runpy, sys; runpy.run_path({str(ROOT / 'examples' / 'serving.py')!r}, run_name='__main__')"
    check = "; assert not {'autonet', 'sklearn', 'torch'} & sys.modules.keys()"
    done = subprocess.run(
        [sys.executable, "-c", script + check, str(tmp_path / "model.onnx")],
        input="\n".join(map(json.dumps, sent)),
        capture_output=True,
        text=True,
        check=True,
    )
    served = [list(json.loads(line).values()) for line in done.stdout.splitlines()]
    rows_of_fit = [{"size": row["size"], "town": row["town"]} for row in sent]
    np.testing.assert_allclose(served, auto.predict_proba(rows_of_fit), atol=1e-6)
    assert list(json.loads(done.stdout.splitlines()[0])) == ["Bern", "Lima", "Oslo"]


def test_serving_several_targets_of_an_array(tmp_path: Path) -> None:
    """Columns of an array are called x0, x1, ...; a row that lacks one is refused."""
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    rng = np.random.default_rng(0)
    X, y = np.column_stack([np.arange(60.0), rng.normal(size=60)]), rng.normal(size=(60, 2))
    auto = AutoNetRegression("tiny_cs", max_trials=1, budget_type="epochs", max_budget=2, random_state=0).fit(X, y)
    auto.export(tmp_path / "model.onnx")
    command = [sys.executable, str(ROOT / "examples" / "serving.py"), str(tmp_path / "model.onnx")]
    row = json.dumps({"x1": X[3, 1], "x0": 3})
    done = subprocess.run(command, input=row, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == pytest.approx(dict(zip("01", auto.predict(X[3:4])[0], strict=True)))
    done = subprocess.run(command, input='{"x0": 3, "X1": 1}', capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "A row lacks the column 'x1'; use null where a value is missing.\n"
