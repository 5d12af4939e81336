"""A change of code that changes what default configurations learn is seen, and is meant."""

import json

import numpy as np
import pytest

from autonet.nets.registry import NETWORKS
from tests.pipeline import golden

KEPT = json.loads(golden.FILE.read_text(encoding="utf-8"))


def test_every_network_has_its_predictions() -> None:
    assert set(golden.NETWORKS) == set(NETWORKS.components)
    assert set(KEPT) == {f"{network} {table}" for network in golden.NETWORKS for table in golden.TABLES}


@pytest.mark.parametrize("table", golden.TABLES)
@pytest.mark.parametrize("network", golden.NETWORKS)
def test_default_configurations_predict_what_they_did(network: str, table: str) -> None:
    found, kept = golden.predictions(network, table), KEPT[f"{network} {table}"]
    assert np.allclose(found, kept, rtol=1e-9, atol=1e-9), (
        f"The default configuration of {network} predicts other values for the {table} table than before, by up to "
        f"{np.abs(np.subtract(found, kept)).max():.2g}.  If that is intended: {golden.COMMAND}"
    )
