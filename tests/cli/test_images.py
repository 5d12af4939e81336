"""Images on the command line: folders, single files, and tables of paths."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from PIL import Image

import autonet
from autonet.cli.images import check_target, choose_paths, find_labels, has_labels, read_files, resolve_paths
from autonet.cli.tables import Table
from autonet.core.errors import InvalidData
from tests.cli.conftest import QUICK
from tests.cli.program import Done, run

EPOCHS = ("--set", "budget_type=epochs", "--set", "max_budget=9", "--set", "baseline=false", "--max-trials", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dark and light images, in a folder each."""
    root: Path = tmp_path_factory.mktemp("images") / "set"
    rng = np.random.default_rng(0)
    for kind, low in (("dark", 0), ("light", 200)):
        (root / kind).mkdir(parents=True)
        for i in range(30):
            Image.fromarray(rng.integers(low, low + 50, (6, 6), np.uint8)).save(root / kind / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def model(folder: Path) -> Path:
    out = folder.parent / "model.autonet"
    done = run("fit", folder, "--out", out, "--test", folder, *QUICK, *EPOCHS)
    assert done.code == 0, done.err
    assert done.err.startswith("task: classification, because the target is not numeric")
    return out


def rows_of(done: Done) -> list[dict[str, str]]:
    assert done.code == 0, done.err
    return list(csv.DictReader(done.lines))


def test_a_folder_is_fitted_predicted_and_evaluated(folder: Path, model: Path) -> None:
    auto = autonet.load(model)
    assert isinstance(auto, autonet.AutoNetImageClassification)
    assert auto.fit_result["info"]["test_accuracy"] == 1
    found = rows_of(run("predict", model, folder, "--proba"))
    assert [list(row) for row in found[:1]] == [["file", "prediction", "probability_dark", "probability_light"]]
    assert [Path(row["file"]).parent.name for row in found] == [row["prediction"] for row in found]
    [alone] = rows_of(run("predict", model, found[0]["file"]))
    assert alone == {name: found[0][name] for name in ("file", "prediction")}
    done = run("evaluate", model, folder, "--metric", "accuracy", "--json")
    assert json.loads(done.out)[0]["score"] == 1, done.err


def test_a_table_of_paths_is_predicted_and_evaluated(folder: Path, model: Path, tmp_path: Path) -> None:
    names = "dark/01.png,dark\nlight/01.png,light\n"
    for table, text in ((folder / "named.csv", f"path,kind\n{names}"), (folder / "plain.csv", names)):
        table.write_text(text, encoding="utf-8")
    named = rows_of(run("predict", model, folder / "named.csv", "--keep", "kind"))
    assert named == [{"kind": kind, "prediction": kind} for kind in ("dark", "light")]
    plain = rows_of(run("predict", model, folder / "plain.csv"))
    assert plain[0] == {"file": str(folder / "dark/01.png"), "prediction": "dark"}
    lines = "".join(f"{row['file']}\n" for row in plain)
    assert rows_of(run("predict", model, "-", stdin=lines.encode())) == plain
    for more in ((folder / "named.csv", "--target", "kind"), (folder / "plain.csv",)):
        done = run("evaluate", model, *more, "--metric", "accuracy", "--json")
        assert json.loads(done.out)[0]["score"] == 1, done.err
    for arguments, message in (
        (("evaluate", model, folder / "named.csv"), "TEST and --target belong together"),
        (("evaluate", model, tmp_path / "gone"), "gone does not exist."),
        (("evaluate", model, folder / "dark" / "01.png"), "is a single image; pass a folder with a sub-folder"),
        (("evaluate", "", folder), "The path of MODEL is empty"),
        (("predict", model, ""), "The path of the data is empty"),
        (("predict", model, tmp_path), "has no images"),
        (("predict", model, folder / "gone.png"), f"'{folder / 'gone.png'}' does not exist; pass a folder of images"),
    ):
        done = run(*arguments)
        assert (done.code, message in done.err) in ((1, True), (2, True)), done.err


def test_a_list_of_paths_may_be_one_line_and_hold_delimiters(folder: Path, model: Path, tmp_path: Path) -> None:
    names = ["a,b.png", "c;d.png", "e.png", "f.png;g.png"]
    for name in names:
        shutil.copy(folder / "dark" / "00.png", tmp_path / name)
    for lines in (names, names[:1], names[2:3], names[3:], [names[3], names[0]]):
        table, text = tmp_path / "list.csv", "".join(f"{line}\n" for line in lines)
        table.write_text(text, encoding="utf-8")
        relative = [{"file": line, "prediction": "dark"} for line in lines]
        assert rows_of(run("predict", model, table)) == relative
        absolute = "".join(f"{tmp_path / line}\n" for line in lines).encode()
        expected = [{"file": str(tmp_path / line), "prediction": "dark"} for line in lines]
        assert rows_of(run("predict", model, "-", stdin=absolute)) == expected
        assert autonet.load(model).predict(table).tolist() == ["dark"] * len(lines)


def test_names_of_files_among_other_columns_are_pointed_out(folder: Path) -> None:
    table = folder / "two.csv"
    rows = [f"{path.relative_to(folder)},{i % 7},{i}.5" for i, path in enumerate(sorted(folder.rglob("*.png")))]
    table.write_text("\n".join(["path,size,value", *rows]), encoding="utf-8")
    where, hint = f"Column 'path' of {table} holds names of image files", "--images reads the images"
    done = run("show-space", table, "--target", "value")
    assert (done.code, where in done.err, hint in done.err) == (0, True, True), done.err
    out = ("--out", folder / "two.autonet", *QUICK, *EPOCHS)
    done = run("fit", table, "--target", "value", "--no-images", *out)
    assert (done.code, hint in done.err) == (0, False), done.err
    done = run("fit", table, "--target", "value", "--images", *out)
    assert (done.code, hint in done.err) == (0, False), done.err
    assert isinstance(autonet.load(folder / "two.autonet"), autonet.AutoNetImageRegression)


def test_a_column_of_paths_makes_a_search_space_of_images(folder: Path) -> None:
    table = folder / "brightness.csv"
    rows = [f"{path.relative_to(folder)},{i}.5" for i, path in enumerate(sorted(folder.rglob("*.png")))]
    table.write_text("\n".join(["path,value", *rows]), encoding="utf-8")
    done = run("show-space", table, "--target", "value")
    assert "images, because column 'path' has names of image files; --no-images says otherwise" in done.err + done.out
    assert "ImageAugmentation" in done.out


def test_the_paths_of_tables_are_looked_for_in_root_folders(folder: Path, tmp_path: Path) -> None:
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.png"))]
    lines = [f"{name},{name.partition('/')[0]}" for name in names]
    for table, text in (("named.csv", ["path,kind", *lines]), ("plain.csv", lines)):
        (tmp_path / table).write_text("\n".join(text), encoding="utf-8")
    named, plain, roots = tmp_path / "named.csv", tmp_path / "plain.csv", json.dumps([str(folder)])
    old = tmp_path / "options.txt"
    old.write_text(f"preset=tiny_cs\nimages_root_folders={[str(folder)]}\n", encoding="utf-8")
    where, out = ("--set", f"root_folders={roots}"), ("--out", tmp_path / "model.autonet")
    one, run_dir = ("--set", "max_budget=1", "--max-trials", "1"), tmp_path / "run"
    done = run("fit", named, "-t", "kind", "--valid", plain, *where, *out, "--run-dir", run_dir, *QUICK, *EPOCHS, *one)
    assert done.code == 0, done.err
    done = run("resume", run_dir, named, "-t", "kind", "--valid", plain, *out)
    assert done.code == 0, done.err
    done = run("fit", plain, "--preset", old, *out, *EPOCHS, *one)
    assert done.code == 0, done.err
    for more in ((named, "--target", "kind"), (plain,)):
        for command in ("evaluate", "leaderboard"):
            done = run(command, tmp_path / "model.autonet", *more)
            assert done.code == 0, done.err
        done = run("report", tmp_path / "model.autonet", *more, "--out", tmp_path / "report.html")
        assert done.code == 0, done.err
        done = run("predict", tmp_path / "model.autonet", more[0])
        assert len(rows_of(done)) == len(names)
    done = run("show-space", named, "-t", "kind", *where)
    assert "ImageAugmentation" in done.out, done.err
    for more, message in (
        ((), "60 of 60 files cannot be read"),
        (("--set", "root_folders=pictures"), "root_folders must be a list of paths, or None; got 'pictures'"),
        (("--set", f'root_folders=["{folder}/dark"]'), "files cannot be read"),
    ):
        done = run("fit", named, "-t", "kind", *more, *out)
        assert (done.code > 0, message in done.err) == (True, True), done.err


def test_what_a_fit_cannot_do_is_refused(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,y\n1,2\n", encoding="utf-8")
    for arguments, message in (
        ((table,), "--target is missing: it names the column to predict"),
        ((table, "--target", "y", "--images"), "must have one column of paths of images, such as 'cat.png'; got none"),
        ((folder, "--no-images"), "is a directory; expected a table"),
        ((folder, "--categorical-features", "a"), "Unknown option 'categorical_features'"),
        ((folder / "dark/00.png",), "00.png' is a single image; pass a folder with a sub-folder of images"),
        ((folder, "--valid", folder / "dark/00.png"), "00.png' is a single image; pass a folder with"),
        (("",), "The path of the data is empty; name a file or folder, such as '.', the current one."),
        ((folder, "--valid", ""), "The path of the data is empty"),
        (("a" * 300, "--target", "y"), "The path of the data is longer than the system allows: 'aaa"),
        (("nothing.png", "--target", "y"), "'nothing.png' does not exist; pass a folder with a sub-folder"),
    ):
        done = run("fit", *arguments, "--out", tmp_path / "model.autonet")
        assert done.code in (1, 2)
        assert message in done.err


def test_further_labels_are_of_the_kind_of_those_of_fit(folder: Path, tmp_path: Path) -> None:
    numbered = tmp_path / "numbered"
    for name, kind in (("1", "dark"), ("2", "light")):
        shutil.copytree(folder / kind, numbered / name)
    lines = [f"{name}/0{i}.png,{name}" for name in "12" for i in range(5)]
    for table, text in (("named.csv", ["path,kind", *lines]), ("plain.csv", lines), ("one.csv", lines[:5])):
        (numbered / table).write_text("\n".join(text), encoding="utf-8")
    named, plain, one = (numbered / f"{name}.csv" for name in ("named", "plain", "one"))
    out, quick = ("--out", tmp_path / "model.autonet"), (*EPOCHS, "--set", "max_budget=1", "--preset", "tiny_cs")
    for train, labels in ((numbered, ["1", "2"]), (plain, [1, 2])):
        task = ("--task", "classification")
        for more in (("--valid", plain, "--test", numbered), ("--valid", named, "--target", "kind", "--test", one)):
            done = run("fit", train, *more, *out, *quick, *task)
            assert done.code == 0, done.err
        assert autonet.load(tmp_path / "model.autonet").classes_.tolist() == labels
        for test in ((numbered,), (plain,), (one,), (named, "--target", "kind")):
            done = run("evaluate", tmp_path / "model.autonet", *test, "--metric", "accuracy")
            assert done.code == 0, done.err


def test_files_as_tables(folder: Path, tmp_path: Path) -> None:
    table = read_files(str(folder), None, labeled=True)
    assert find_labels(table) == ("label",)
    assert (len(table["file"]), has_labels(str(folder))) == (60, True)
    several = folder / "several.csv"
    several.write_text("dark/00.png,1,0\nlight/00.png,0,1\n", encoding="utf-8")
    table = read_files(str(several), None, labeled=True)
    assert [(name, list(column)) for name, column in table.columns.items()][1:] == [
        ("label_1", [1, 0]),
        ("label_2", [0, 1]),
    ]
    assert resolve_paths(table, "file") == [str(folder / "dark/00.png"), str(folder / "light/00.png")]
    several.write_text("path,big,dark\ndark/00.png,1,True\nlight/00.png,0,false\n", encoding="utf-8")
    table = read_files(str(several), None, labeled=True)
    _, labels = autonet.list_images(several, return_labels=True)
    assert {name: table[name].tolist() for name in labels} == {name: column.tolist() for name, column in labels.items()}
    outside = tmp_path / "outside.csv"
    outside.write_text("path,y\n../x.png,1\n", encoding="utf-8")
    with pytest.raises(InvalidData, match=r"1 paths in .*outside.csv lead out of"):
        resolve_paths(read_files(str(outside), None, labeled=False), "path")


def test_single_images_must_exist() -> None:
    with pytest.raises(InvalidData, match=r"'nothing.png' does not exist; pass a folder of images"):
        read_files("nothing.png", None, labeled=False)


def test_the_column_of_paths() -> None:
    columns: dict[str, Any] = {"a": ["x.png", "y.JPG"], "b": ["x.png", "z"], "c": [1, 2]}
    assert choose_paths(Table(columns, "rows.csv"), columns) == "a"
    with pytest.raises(InvalidData, match=r"rows\.csv must have one column of paths .*; got several: 'a', 'b'"):
        choose_paths(Table(columns, "rows.csv"), {"a": ["x.png"], "b": ["y.png"]})


def test_targets_belong_to_a_table(folder: Path) -> None:
    check_target(None, (), "TEST")
    check_target(str(folder), (), "TEST")
    with pytest.raises(click.UsageError, match="TEST and --target belong together"):
        check_target(None, ("y",), "TEST")
