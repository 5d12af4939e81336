"""The network of a configuration."""

import subprocess
import sys
import textwrap

import torch
from torch import nn

from autonet.core.component import Components
from autonet.core.task import InputLayout, Task
from autonet.models.network import LINEAR_CONFIG, build_network, rebuild_network, restore_network
from autonet.nets.numeric import PBLDEmbedding
from autonet.pipeline.tabular import NODES
from tests.pipeline.trials import default, embedding_defaults


def test_none_and_very_many_numbers_leave_the_network_as_it_is() -> None:
    task = Task("regression", n_outputs=1)
    pbld = {"NumericEmbeddingSelector:numeric_embedding": "pbld", **embedding_defaults("pbld")}
    rows = torch.randn(10, 101)
    for config, n_numbers, first in (
        (default(task), 5, nn.Linear),
        (default(task, **pbld), 0, nn.Linear),
        (default(task, **pbld), 101, nn.Linear),
        (default(task, **pbld), 100, PBLDEmbedding),
    ):
        network = build_network(task, Components.resolve(NODES.values(), config), InputLayout(101, n_numbers), rows)
        assert type(network[0]) is first  # type: ignore[index]
        assert network(rows).shape == (10, 1)


def test_a_restored_network_predicts_the_same_and_draws_nothing_of_the_callers() -> None:
    task, layout, rows = Task("regression", n_outputs=1), InputLayout(5, 5), torch.randn(10, 5)
    config = default(task)
    trained = build_network(task, Components.resolve(NODES.values(), config), layout)
    before = torch.get_rng_state()
    restored = restore_network(lambda: rebuild_network(task, config, layout), trained.state_dict())
    assert torch.equal(torch.get_rng_state(), before)
    assert not restored.training
    assert torch.equal(restored(rows), trained.eval()(rows))


def test_the_linear_configuration_is_a_single_layer() -> None:
    network = rebuild_network(Task("classification", n_outputs=3), LINEAR_CONFIG, InputLayout(7, 5, ()))
    assert [(type(layer), layer.weight.shape) for layer in network] == [(nn.Linear, (3, 7))]  # type: ignore[union-attr]


WITHOUT_DYNAMO = """
    import sys
    from functools import partial
    import torch
    from autonet.core.task import InputLayout, Task
    from autonet.models.network import rebuild_network, restore_checked
    from autonet.pipeline.tabular import NODES
    from autonet.space.build import build_space
    from autonet.space.presets import load_preset

    task = Task("classification", n_outputs=3)
    preset = load_preset("full_cs", task)
    space = build_space(task, preset.components, preset.updates, NODES)
    space.seed(0)
    rows, seen = torch.ones(6, 9), set()
    for config in map(dict, space.sample_configuration(20)):
        embeds = config["EmbeddingSelector:embedding"] == "learned"
        build = partial(rebuild_network, task, config, InputLayout(9, 4, (5, 3) if embeds else ()))
        trained = build()
        restored = restore_checked(build, config, trained.state_dict())
        assert torch.equal(trained.eval()(rows), restored(rows))
        seen.add((config["NetworkSelector:network"], config["NumericEmbeddingSelector:numeric_embedding"]))
    assert len(seen) > 4
    assert "torch._dynamo" not in sys.modules
"""


def test_networks_are_restored_without_the_import_of_dynamo() -> None:
    """It takes seconds, of a service that starts."""
    subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(WITHOUT_DYNAMO)], check=True)
