"""Transformers of scikit-learn's protocol as steps of the encoding, and their registration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

from autonet.core.component import Component, Node
from autonet.core.errors import InvalidData, InvalidOption
from autonet.core.registration import Space, check_name, default_params, find_space, parameter_names, register, trying
from autonet.core.spec import register as register_spec
from autonet.core.spec import to_spec
from autonet.core.task import Task
from autonet.core.typing import Array
from autonet.data.encoding.modules import MAX_ABS_INPUT
from autonet.data.encoding.preprocessors import NORMALIZATION, PREPROCESSORS, FitFeatures, Normalization

__all__ = [
    "TRANSFORMERS",
    "CustomNormalization",
    "CustomPreprocessor",
    "TransformerModule",
    "bind_transformers",
    "check_storable",
    "make_custom_normalization",
    "make_custom_preprocessor",
    "register_normalization",
    "register_preprocessor",
]

TRANSFORMERS = frozenset((NORMALIZATION.name, PREPROCESSORS.name))  # nodes that take transformers
E = TypeVar("E")

N_UNSEEN = 7  # rows of toy data
TOY_SHAPES = ((60, 6), (200, 100))  # of those to fit to; the second is for transformers to a given number of columns


class TransformerModule(nn.Module):
    """Fitted transformer of the user's as a step of the encoding; it computes on the CPU, with NumPy.

    Parameters
    ----------
    node : str
        Name of the node at which the transformer is a component.
    component : str
    params : mapping of str to Any
        Hyperparameters of the component.
    transformer : object
        With the method ``transform``.
    """

    def __init__(self, node: str, component: str, params: Mapping[str, Any], transformer: Any) -> None:
        super().__init__()
        self.node, self.component, self.params = node, component, dict(params)
        self.transformer = transformer

    def forward(self, x: Tensor) -> Tensor:
        """Transform columns (n, p) to (n, k)."""
        result = _to_array(self.transformer.transform(x.detach().cpu().numpy()))
        if np.isnan(result).any():
            raise InvalidData(
                f"The transformer {self.component!r} returns NaN for rows of shape {tuple(x.shape)}; it must return "
                "numbers for all rows. Use another one."
            )
        return torch.from_numpy(result).to(x.device).clamp(-MAX_ABS_INPUT, MAX_ABS_INPUT)


def _describe(module: TransformerModule) -> dict[str, Any]:
    if not hasattr(module.transformer, "__dict__"):
        raise InvalidData(
            f"The transformer {module.component!r} cannot be stored in a file: its class has __slots__; pickle the "
            "estimator, or use another one."
        )
    for name, value in vars(module.transformer).items():
        try:
            to_spec(value)
        except InvalidData as error:
            raise InvalidData(
                f"The transformer {module.component!r} cannot be stored in a file: its attribute {name} is a "
                f"{type(value).__name__}, not numbers, strings or arrays; pickle the estimator, or use another one."
            ) from error
    return {
        "node": module.node,
        "component": module.component,
        "params": module.params,
        "state": vars(module.transformer),
    }


def _rebuild(cls: type[TransformerModule], state: Mapping[str, Any]) -> TransformerModule:
    """Rebuild a module whose transformer is only known by its attributes: see `bind_transformers`."""
    return cls(state["node"], state["component"], state["params"], dict(state["state"]))


register_spec(TransformerModule, _describe, _rebuild)


def bind_transformers(encoder: E, nodes: Mapping[str, Node[Any]]) -> E:
    """Return an encoder from a file, after its transformers are built by their components, with fitted attributes.

    Parameters
    ----------
    encoder : Encoder
    nodes : mapping of str to Node

    Raises
    ------
    UnknownName
        If a node has no such component.
    """
    module = getattr(encoder, "module", None)
    for part in module.modules() if isinstance(module, nn.Module) else ():
        if isinstance(part, TransformerModule) and isinstance(part.transformer, dict):
            node = nodes.get(part.node, {NORMALIZATION.name: NORMALIZATION}.get(part.node, PREPROCESSORS))
            build = node.components[node.choose(part.component).name].build
            transformer = build.make(0, part.params)  # type: ignore[attr-defined]
            vars(transformer).update(part.transformer)
            part.transformer = transformer
    return encoder


def _to_array(values: Any) -> Array:
    """Return transformed rows (n, k) as float32."""
    dense = values.toarray() if sparse.issparse(values) else values
    return np.ascontiguousarray(dense, np.float32)


@dataclass(frozen=True)
class CustomTransformer:
    """Builds transformers of the user's."""

    builder: Callable[..., Any]
    name: str

    def make(self, seed: int, params: Mapping[str, Any]) -> Any:
        """Make a transformer that is not fitted; it gets the seed as ``random_state``, if it has such a parameter."""
        seeds = {"random_state": seed} if "random_state" in parameter_names(self.builder) else {}
        return self.builder(**seeds, **params)

    def fit(self, node: Node[Any], X: Array, seed: int, params: Mapping[str, Any]) -> TransformerModule:
        """Fit a transformer to columns (n, p)."""
        transformer = self.make(seed, params)
        transformer.fit(X)
        return TransformerModule(node.name, self.name, params, transformer)


class CustomPreprocessor(CustomTransformer):
    """Builds the preprocessor of features of a transformer."""

    def __call__(self, *, seed: int, **params: Any) -> FitFeatures:
        """Return the function that fits it."""
        return lambda X: self.fit(PREPROCESSORS, X, seed, params)


class CustomNormalization(CustomTransformer):
    """Builds the normalization of numerical features of a transformer that works column by column."""

    def __call__(self, **params: Any) -> Normalization:
        """Return the normalization; its statistics are the rows to which the transformer is fitted."""
        return Normalization(lambda X: (X,), lambda X: self.fit(NORMALIZATION, X, 0, params))


def register_preprocessor(
    name: str, builder: Callable[..., Any], space: Space | None = None, *, overwrite: bool = False
) -> None:
    """Add a preprocessor of features to those that every estimator can choose (``preprocessors=[name]``, ``full_cs``).

    Parameters
    ----------
    name : str
    builder : callable
        ``builder(**hyperparameters)`` returns a transformer of scikit-learn's protocol, not fitted: ``fit(X)`` gets
        training rows (n, p), float32 without missing values, imputed and normalized, of one-hot columns and texts,
        too; ``transform(X)`` maps (n, p) to (n, k), for any rows with the same k.  If the builder has a parameter
        ``random_state``, it gets the seed.  A class such as ``sklearn.decomposition.PCA`` is a builder.
    space : callable, optional
        ``space(task)`` returns the ConfigurationSpace of the hyperparameters.  Default: the function ``space`` of the
        builder, if it has one, else no hyperparameters: those of a class have their defaults.
    overwrite : bool, default=False
        Whether to replace a registered preprocessor of this name.

    Raises
    ------
    InvalidOption
        If it fails on toy data, or returns another number of columns or rows for other rows, or if the name is taken
        or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Notes
    -----
    It computes with NumPy, so a model that has it is not exported to ONNX or ``torch.export``.  A model file holds the
    attributes of the fitted transformer, if they are numbers, strings and arrays; `autonet.load` needs the builder.

    Examples
    --------
    >>> from sklearn.decomposition import PCA
    >>> from autonet import unregister_component
    >>> register_preprocessor("my_pca", PCA)
    >>> unregister_component("preprocessors", "my_pca")
    """
    register(PREPROCESSORS, make_custom_preprocessor(name, builder, space), what="preprocessor", overwrite=overwrite)


def register_normalization(
    name: str, builder: Callable[..., Any], space: Space | None = None, *, overwrite: bool = False
) -> None:
    """Add a scaling of numerical features to those that every estimator can choose.

    It is chosen by ``normalization_strategies=[name]``, or the preset ``full_cs``.

    Parameters
    ----------
    name : str
    builder : callable
        As for `register_preprocessor`; the transformer is fitted to numerical columns without missing values,
        float64, and returns as many columns.
    space : callable, optional
        See `register_preprocessor`.
    overwrite : bool, default=False
        Whether to replace a registered scaling of this name.

    Raises
    ------
    InvalidOption
        If it fails on toy data, or returns another number of columns, or if the name is taken or invalid.

    See Also
    --------
    autonet.unregister_component : Remove a registered component.

    Examples
    --------
    >>> from sklearn.preprocessing import PowerTransformer
    >>> from autonet import unregister_component
    >>> register_normalization("my_power", PowerTransformer)
    >>> unregister_component("normalization_strategies", "my_power")
    """
    register(NORMALIZATION, make_custom_normalization(name, builder, space), what="scaling", overwrite=overwrite)


def make_custom_preprocessor(name: str, builder: Any, space: Space | None = None) -> Component[FitFeatures]:
    """Make a component of a preprocessor, after a try; see `register_preprocessor`."""
    check_name(PREPROCESSORS, name, "preprocessor")
    space, build = find_space(builder, space), CustomPreprocessor(builder, name)
    _try_transformer(PREPROCESSORS, build, space)
    return Component(name, build, space)


def make_custom_normalization(name: str, builder: Any, space: Space | None = None) -> Component[Normalization]:
    """Make a component of a scaling, after a try; see `register_normalization`."""
    check_name(NORMALIZATION, name, "scaling")
    space, build = find_space(builder, space), CustomNormalization(builder, name)
    _try_transformer(NORMALIZATION, build, space)
    return Component(name, build, space)


def check_storable(custom: Mapping[str, Mapping[str, Component[Any]]]) -> None:
    """Raise unless the transformers among components of the user's can be stored in the files of a run.

    Parameters
    ----------
    custom : mapping of str to mapping of str to Component
        Components by the names of their nodes and by their own.

    Raises
    ------
    InvalidOption
    """
    for node in (PREPROCESSORS, NORMALIZATION):
        for component in custom.get(node.name, {}).values():
            build: Any = component.build
            module = _try_transformer(node, build, component.space)
            try:
                to_spec(module)
            except InvalidData as error:
                raise InvalidOption(f"With run_dir, models are stored in files. {error}") from error


def _try_transformer(node: Node[Any], build: CustomTransformer, space: Space | None) -> TransformerModule:
    """Fit a transformer to toy data; raise unless it maps unseen rows to as many columns."""
    is_scaling = node.name == NORMALIZATION.name
    what, on = "scaling" if is_scaling else "preprocessor", f"toy data of shape {TOY_SHAPES[0]}"
    with trying(what, build.name, on) as expect:
        module, rows = _fit_to_toy(node, build, default_params(space, Task("classification")))
        parts = rows[:-N_UNSEEN], rows[-N_UNSEEN:], rows[-1:]
        seen, unseen, one = (module(torch.from_numpy(part)) for part in parts)
        width = rows.shape[1] if is_scaling else seen.shape[1] if seen.ndim > 1 else None
        for part, n in ((seen, len(parts[0])), (unseen, N_UNSEEN), (one, 1)):
            fits = tuple(part.shape) == (n, width)
            expect(fits, f"it maps {n} rows to the shape {tuple(part.shape)}; expected ({n}, {width or 'k'})")
            expect(width != 0, "it returns no columns")
            expect(bool(torch.isfinite(part).all()), "it returns values that are not finite")
        expect(torch.allclose(unseen[-1:], one, 1e-3, 1e-4), "a row alone is transformed to other values")
    return module


def _fit_to_toy(
    node: Node[Any], build: CustomTransformer, params: Mapping[str, Any]
) -> tuple[TransformerModule, Array]:
    """Fit a transformer to a few columns, or to many if these are too few; return all rows, too."""
    rng = np.random.default_rng(0)
    few, many = (rng.normal(size=(n + N_UNSEEN, p)).astype(np.float32) for n, p in TOY_SHAPES)
    try:
        return build.fit(node, few[:-N_UNSEEN], 0, params), few
    except ValueError:
        with suppress(ValueError):
            return build.fit(node, many[:-N_UNSEEN], 0, params), many
        raise
