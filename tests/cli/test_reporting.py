"""`report`: the page of the estimator, in a file."""

from pathlib import Path

from tests.cli.program import run


def test_report_writes_the_page_of_the_estimator(classifier: Path, tables: Path, tmp_path: Path) -> None:
    out = tmp_path / "flowers.html"
    options = ("--target", "species", "--title", "Flowers & <b>", "--out", out)
    done = run("report", classifier, tables / "iris_test.csv", *options)
    assert (done.code, done.out, done.err) == (0, "", f"report written to {out}\n")
    page = out.read_text(encoding="utf-8")
    assert "<h1>Flowers &amp; &lt;b&gt;</h1>" in page
    assert "accuracy on 50 test rows" in page
    assert 'id="curves"' in page  # the file has the history


def test_report_without_rows_says_what_is_missing(regressor: Path, tmp_path: Path) -> None:
    done = run("report", regressor, "--out", tmp_path / "report.html")
    assert done.code == 0, done.err
    assert "No test rows were given" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_bad_input_is_a_sentence(regressor: Path, tmp_path: Path) -> None:
    done = run("report", regressor, "--target", "target")
    assert done.code == 2
    assert "TEST and --target belong together; give both, or neither." in done.err
    done = run("report", regressor, "--out", tmp_path / "missing" / "report.html")
    assert done.code == 2
    assert done.err.startswith("Error: The report cannot be saved to ")
