"""Callbacks for other libraries; what they do is tested in `tests/search/test_lightning.py`."""

import pytest

from autonet.search import optuna
from autonet.search.lightning import LightningReport


def test_the_callback_of_lightning_has_the_name_of_optuna() -> None:
    assert optuna.integration.PyTorchLightningPruningCallback is LightningReport
    with pytest.raises(AttributeError, match=r"Unknown name in optuna\.integration 'WandbCallback'"):
        _ = optuna.integration.WandbCallback
