"""The example of a service, over HTTP."""

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from autonet import AutoNetClassification, AutoNetImageClassification, AutoNetMultilabel, AutoNetRegression

pytest.importorskip("fastapi", reason="the service needs fastapi")
pytest.importorskip("uvicorn", reason="the service needs uvicorn")

FOLDER = Path(__file__).parents[1] / "examples" / "fastapi_service"
CLIENTS, REQUESTS = 8, 5
TOWNS = np.random.default_rng(0).choice(["Bern", "Lima", "Oslo"], 90).tolist()
ROWS = [{"size": float(i % 7), "town": town} for i, town in enumerate(TOWNS)]
OPTIONS: dict[str, Any] = {"max_trials": 1, "budget_type": "epochs", "max_budget": 4, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore::autonet.core.errors.BaselineReturned")


class Service:
    """The service of a model file, in a process of its own."""

    def __init__(self, model: Path) -> None:
        command = [sys.executable, "-m", "uvicorn", "--factory", "service:create_app", "--port", "0"]
        environment = os.environ | {"AUTONET_MODEL": str(model)}
        self.process = subprocess.Popen(command, cwd=FOLDER, env=environment, stderr=subprocess.PIPE, text=True)
        self.port = next(self._ports())

    def _ports(self) -> Iterator[int]:
        assert self.process.stderr is not None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if running := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
                yield int(running[1])
        raise AssertionError("".join(said))

    def post(self, body: str | bytes, kind: str = "application/json") -> tuple[int, Any]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/predict", body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate()


@pytest.fixture(scope="module")
def auto() -> Any:
    return AutoNetClassification("tiny_cs", **OPTIONS).fit(ROWS, TOWNS)


@pytest.fixture(scope="module")
def service(auto: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = tmp_path_factory.mktemp("service") / "model.autonet"
    auto.save(path)
    started = Service(path)
    yield started
    started.close()


def test_eight_clients_get_the_predictions_of_the_estimator(auto: Any, service: Service) -> None:
    def ask(client: int) -> None:
        for first in range(REQUESTS):
            rows = ROWS[first : first + client + 1]
            status, answer = service.post(json.dumps([{**row, f"id{i % 2}": 1} for i, row in enumerate(rows)]))
            assert status == 200, answer
            assert answer["labels"] == auto.predict(rows).tolist()
            found = [[row[town] for town in auto.classes_] for row in answer["probabilities"]]
            np.testing.assert_array_equal(found, auto.predict_proba(rows))

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(ask, range(CLIENTS)))


def test_a_single_row_needs_no_list(auto: Any, service: Service) -> None:
    status, answer = service.post('{"town": "Oslo", "size": null}')
    assert (status, answer["labels"]) == (200, auto.predict([{"town": "Oslo", "size": None}]).tolist())


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('[{"size": 1}]', "X lacks columns of fit: 'town'; use None where a value is missing."),
        ('[{"size": "large", "town": "Bern"}]', "Column 'size' had numbers in fit, but now has strings"),
        ('[{"size": [1, 2], "town": "Bern"}]', "Column 'size': argument must be a string or a real number, not 'list'"),
        ('[{"size": 1e999, "town": "Bern"}]', "X contains infinity"),
        (json.dumps([{"size": 1, "town": 10**400}]), "Column 'town' had categories such as 'Bern' in fit"),
        ('[{"size": 1, "town": "Bern"}, {"size": 1, "id": 7}]', "Row 1 of X lacks 'town'"),
        ("[]", "X is an empty list; pass at least one row."),
        ("{}", "Found array with 0 feature(s)"),
        ("[1, 2]", "Send a list of rows"),
        ('"Bern"', "Send a list of rows"),
        ("size=1", "The body is not JSON: "),
        (b"\xff\xfe\xfa", "The body is not JSON: "),
        ("[" * 100_000, "The body is not JSON: "),
        ("", "The body is not JSON: "),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_cannot_be_predicted_is_answered_with_a_sentence(
    service: Service, body: str | bytes, sentence: str
) -> None:
    status, answer = service.post(body)
    assert status == 422, answer
    assert sentence in answer["detail"]


def test_numbers_are_served_as_values(tmp_path: Path) -> None:
    auto = AutoNetRegression("tiny_cs", **OPTIONS).fit(ROWS, np.arange(90.0))
    auto.save(tmp_path / "model.autonet")
    service = Service(tmp_path / "model.autonet")
    try:
        assert service.post(json.dumps(ROWS[:3])) == (200, {"values": auto.predict(ROWS[:3]).tolist()})
    finally:
        service.close()


def test_several_labels_and_targets_have_their_names(tmp_path: Path) -> None:
    dates = pd.date_range("2024-01-01", periods=90, freq="9h")
    X = pd.DataFrame({"size": np.arange(90.0) % 7, "day": dates})
    rows = json.loads(X[:3].to_json(orient="records", date_format="iso"))
    labels = pd.DataFrame({"red": np.arange(90) % 2, "old": np.arange(90) % 3 // 2})
    auto = AutoNetMultilabel("tiny_cs", **OPTIONS).fit(X, labels)
    auto.save(tmp_path / "labels.autonet")
    several = AutoNetRegression("tiny_cs", **OPTIONS).fit(X, labels.astype(float))
    several.save(tmp_path / "targets.autonet")
    for model, expected in (
        ("labels", {"labels": auto.predict(X[:3]), "probabilities": auto.predict_proba(X[:3])}),
        ("targets", {"values": several.predict(X[:3])}),
    ):
        service = Service(tmp_path / f"{model}.autonet")
        try:
            status, answer = service.post(json.dumps(rows))
        finally:
            service.close()
        assert status == 200, answer
        named = {name: pd.DataFrame(values, columns=list(labels)) for name, values in expected.items()}
        assert answer == {name: frame.to_dict("records") for name, frame in named.items()}


def test_images_are_files_in_base64_or_pixels(tmp_path: Path) -> None:
    digits = load_digits()
    X = (digits.images[:200] * 15.9).astype(np.uint8)
    auto = AutoNetImageClassification("tiny_cs", **OPTIONS).fit(X, digits.target[:200])
    auto.save(tmp_path / "model.autonet")
    files = []
    for pixels in X[:3]:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        files.append(file.getvalue())
    service = Service(tmp_path / "model.autonet")
    try:
        expected = auto.predict(X[:3]).tolist()
        for images in ([base64.b64encode(file).decode() for file in files], X[:3].tolist()):
            status, answer = service.post(json.dumps([{"image": image} for image in images]))
            assert (status, answer["labels"]) == (200, expected)
        status, answer = service.post(files[0], "image/png")
        assert (status, answer["labels"]) == (200, expected[:1])
        for row, sentence in (
            ({}, 'Each row needs an "image": the content of a file in base64'),
            ({"image": "/etc/passwd.png"}, '"image" is not in base64: '),
            ({"image": ["/etc/passwd.png"]}, "X must be images of one shape, or paths of images; got ["),
            ({"image": base64.b64encode(b"no image").decode()}, "1 of 1 files cannot be read: image 0 (not an image)"),
            ({"image": [[1, 2], [3]]}, "X must be images of one shape"),
            ({"image": [[1, 2], [3, 4]]}, "X has images of shape (1, 2, 2)"),
        ):
            status, answer = service.post(json.dumps([row]))
            assert status == 422, answer
            assert sentence in answer["detail"]
    finally:
        service.close()
