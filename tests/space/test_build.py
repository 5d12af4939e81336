import numpy as np
import pytest
import torch
from ConfigSpace import Constant
from hypothesis import given, settings
from hypothesis import strategies as st

from autonet.core.errors import InvalidOption, UnknownName
from autonet.core.task import Task
from autonet.pipeline.trial import build_training
from autonet.search.encoding import Encoding
from autonet.space.build import build_space
from autonet.space.presets import list_presets, load_preset
from autonet.space.updates import HyperparameterSearchSpaceUpdate as Update
from autonet.training.loop import Rows, train_step

CLASSIFICATION = Task("classification", n_outputs=3)
CASES = [(preset, kind) for preset in list_presets() for kind in ("classification", "regression")]


def space_of(preset: str, task: Task):
    loaded = load_preset(preset, task)
    return build_space(task, loaded.components, loaded.updates)


@settings(deadline=None, max_examples=40)
@given(case=st.sampled_from(CASES), seed=st.integers(0, 2**31), n_in=st.integers(1, 40), n_out=st.integers(1, 5))
def test_every_configuration_of_every_preset_builds_and_takes_a_step(
    case: tuple[str, str], seed: int, n_in: int, n_out: int
) -> None:
    task = Task(case[1], n_outputs=n_out)  # type: ignore[arg-type]
    encoding = Encoding(space_of(case[0], task))
    config = encoding.config(encoding.sample(1, np.random.default_rng(seed))[0])
    classes = torch.arange(6) % n_out
    rows = Rows(torch.randn(6, n_in), classes if case[1] == "classification" else torch.randn(6, n_out))
    state, plan = build_training(task, config, rows)
    state.network.train()
    before = [p.detach().clone() for p in state.network.parameters()]
    train_step(state, plan, rows.x, rows.y)
    assert state.network(rows.x).shape == (6, n_out)
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in state.network.parameters())
    assert len(before) > 0


def test_tiny_cs_has_six_free_hyperparameters_on_repaired_scales() -> None:
    space = space_of("tiny_cs", CLASSIFICATION)
    free = {name.split(":", 1)[1]: hp for name, hp in space.items() if not isinstance(hp, Constant)}
    assert set(free) == {
        "shapedresnet:num_groups",
        "shapedresnet:blocks_per_group",
        "shapedresnet:max_units",
        "sgd:learning_rate",
        "sgd:momentum",
        "sgd:weight_decay",
    }
    decay, momentum = free["sgd:weight_decay"], free["sgd:momentum"]
    assert (decay.lower, decay.upper, decay.log) == (1e-6, 1e-1, True)
    assert (momentum.lower, momentum.upper) == (0.5, 0.99)


def test_full_cs_offers_everything_that_is_registered() -> None:
    space = space_of("full_cs", CLASSIFICATION)
    assert set(space["NetworkSelector:network"].choices) == {"mlpnet", "shapedmlpnet", "resnet", "shapedresnet"}
    assert set(space["OptimizerSelector:optimizer"].choices) == {"adam", "adamw", "sgd", "rmsprop"}
    assert len(space) > 100


def test_children_are_active_exactly_with_their_component() -> None:
    space = space_of("medium_cs", CLASSIFICATION)
    for config in space.sample_configuration(50):
        optimizer = config["OptimizerSelector:optimizer"]
        names = {
            name.split(":")[1] for name in config if name.startswith("OptimizerSelector:") and name.count(":") == 2
        }
        assert names == {optimizer}


def test_layers_follow_an_edited_depth() -> None:
    updates = [Update("NetworkSelector", "mlpnet:num_layers", (2, 3))]
    space = build_space(CLASSIFICATION, {"NetworkSelector": ["mlpnet"]}, updates)
    units = sorted(name for name in space if "mlpnet:num_units" in name)
    assert [u.rsplit("_", 1)[1] for u in units] == ["1", "2", "3"]
    for config in space.sample_configuration(20):
        depth = config["NetworkSelector:mlpnet:num_layers"]
        assert ("NetworkSelector:mlpnet:num_units_3" in config) == (depth == 3)
        assert "NetworkSelector:mlpnet:num_units_2" in config


def test_a_later_update_wins_and_may_widen_an_earlier_one() -> None:
    narrow = Update("NetworkSelector", "shapedresnet:activation", ("relu",))
    wide = Update("NetworkSelector", "shapedresnet:activation", ("relu", "gelu", "tanh"))
    space = build_space(CLASSIFICATION, {}, [narrow, wide])
    assert set(space["NetworkSelector:shapedresnet:activation"].choices) == {"relu", "gelu", "tanh"}


def test_defaults_stay_inside_new_ranges() -> None:
    def default(*values: float, log: bool = False, default_value: float | None = None) -> float:
        update = Update("OptimizerSelector", "sgd:learning_rate", values, log, default_value)
        return build_space(CLASSIFICATION, {}, [update])["OptimizerSelector:sgd:learning_rate"].default_value

    assert default(0.01, 0.1) == pytest.approx(0.03)  # the old default
    assert default(0.1, 0.3) == pytest.approx(0.2)
    assert default(0.1, 10.0, log=True) == pytest.approx(1.0)
    assert default(0.1, 0.3, default_value=0.25) == 0.25
    with pytest.raises(InvalidOption, match=r"the default 0.5 is outside of the range"):
        default(0.1, 0.3, default_value=0.5)


def test_unknown_components_and_nodes_are_refused() -> None:
    with pytest.raises(UnknownName, match="Unknown node 'Networks'"):
        build_space(CLASSIFICATION, {"Networks": ["resnet"]})
    with pytest.raises(UnknownName, match="Unknown component of LossModuleSelector for classification 'mse_loss'"):
        build_space(CLASSIFICATION, {"LossModuleSelector": ["mse_loss"]})
