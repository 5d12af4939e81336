"""Pages of reports: complete in themselves, readable at any width, and texts stay texts."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from sklearn.exceptions import NotFittedError

import autonet
from autonet import AutoNetClassification, AutoNetRegression
from autonet.core.errors import InvalidData, InvalidOption, MissingPackage
from tests.inspection.report.browser import CHROMIUM, show
from tests.inspection.report.conftest import IMAGE, LABELS, NAMES, SCRIPT
from tests.inspection.report.pages import read_page

SECTIONS = ["model", "scores", "features", "data", "search", "curves", "failures", "loading", "provenance"]


def test_a_page_has_all_sections_and_its_contents_link_them(hostile_page: Path) -> None:
    page = read_page(hostile_page)
    headings = [tag["id"] for tag in page.find("h2")]
    assert headings == ["cautions", *SECTIONS]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {tag["href"].removeprefix("#") for tag in page.find("a")}
    assert links == {"overview", *SECTIONS}
    assert links <= set(ids)


def test_a_page_loads_nothing_and_has_no_script(hostile_page: Path) -> None:
    page = read_page(hostile_page)
    names = {name for name, _ in page.tags}
    assert not names & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for name, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")], name
        assert attributes.get("src", "data:image/").startswith("data:image/")
        assert attributes.get("href", "#").startswith("#")
    assert "http" not in re.sub(r'src="[^"]*"|http-equiv', "", page.source)


def test_texts_of_users_stay_texts(hostile_page: Path) -> None:
    page = read_page(hostile_page)
    for text in (SCRIPT, *NAMES, *LABELS):
        assert " ".join(text.split()) in page.text, text
    assert page.find("title") == [{}]
    assert page.texts[0] == SCRIPT  # the title
    assert not [tag for tag in page.find("img") if tag["src"] == "x"]


def test_every_picture_says_what_is_seen(hostile_page: Path) -> None:
    pictures = read_page(hostile_page).find("img")
    assert len(pictures) >= 7
    alts = [picture["alt"] for picture in pictures]
    assert min(map(len, alts)) > 15
    assert len(alts) == len(set(alts))


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_shows_the_page_without_scrolling_to_the_side(hostile_page: Path, tmp_path: Path) -> None:
    shown = show(hostile_page, [400, 1400], tmp_path)
    assert shown.console == []
    assert set(shown.found) == {400, 1400}
    for width, found in shown.found.items():
        assert found["page"] <= width
        assert found["hacked"] == "undefined"
        assert len(found["images"]) >= 7
        assert all(loaded and alt for loaded, alt in found["images"])
        assert found["smallest"] >= 12
    assert shown.found[400]["scrolled"] > 0  # wide tables, inside of their boxes


def test_a_regression_without_test_rows_says_so(regressor: AutoNetRegression, tmp_path: Path) -> None:
    page = read_page(regressor.report(str(tmp_path / "report.html")))  # type: ignore[arg-type]
    assert [tag["id"] for tag in page.find("h2")][1:] == [name for name in SECTIONS if name != "features"]
    assert "No test rows were given" in page.text
    assert "Report of AutoNetRegression" in page.texts


def test_a_loaded_model_says_what_is_missing(hostile_fit: AutoNetClassification, hostile: Any, tmp_path: Path) -> None:
    hostile_fit.save(tmp_path / "model.autonet")
    path = autonet.load(tmp_path / "model.autonet").report(tmp_path / "report.html", *hostile)
    page = read_page(path)
    missing = ("curves", "failures")
    assert [tag["id"] for tag in page.find("h2")][1:] == [name for name in SECTIONS if name not in missing]
    assert "without the history of its search" in page.text
    assert IMAGE in page.text


def test_a_fit_of_which_all_trials_failed_has_a_page(failed_fit: Any, iris: Any, tmp_path: Path) -> None:
    page = read_page(failed_fit.report(tmp_path / "report.html", *iris))
    assert "The final model is the linear baseline." in page.texts
    assert "ValueError: no such <layer>" in page.texts
    assert "No configuration was trained to a value: the model is what was fitted besides the search." in page.texts


def test_bad_input_writes_no_file(regressor: AutoNetRegression, diabetes: Any, tmp_path: Path) -> None:
    X, y = diabetes
    path = tmp_path / "report.html"
    with pytest.raises(InvalidOption, match=r"^X_test and y_test belong together; got only one of them\.$"):
        regressor.report(path, X)
    with pytest.raises(InvalidOption, match=r"^The report cannot be saved to .*: there is no directory"):
        regressor.report(tmp_path / "missing" / "report.html")
    with pytest.raises(InvalidData, match="442 rows and y 3 entries"):
        regressor.report(path, X, y[:3])
    with pytest.raises(NotFittedError):
        AutoNetRegression("tiny_cs").report(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_a_missing_package_is_named(
    regressor: AutoNetRegression, tmp_path: Path, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackage, match=rf'^report needs {package}; .* "autonet-torch\[report\]"$'):
        regressor.report(tmp_path / "report.html")
