"""Colour images made of those on the machine: items of Fashion-MNIST or MNIST pasted onto photographs.

An item is mirrored or not, scaled, shifted, and has a colour of its own; behind it is a random part of a photograph
that scikit-learn bundles.  A network must learn to leave background, place and colour aside.
"""

import numpy as np
from common import images
from PIL import Image
from sklearn.datasets import load_sample_images

PASTED = "pasted_"  # name of a set: this and the name of the items
ITEM_SIDE = 28  # pixels
SIDE = 32  # pixels
SCALES = (0.6, 1.1)  # of items, drawn between
REDUCTIONS = range(1, 7)  # factors by which photographs are reduced
OPAQUE_LEVEL = 24  # grey level from which on an item hides the background
DARKEST = 0.2  # least share of red, green and blue in the colour of an item


def load_images(name: str, n_train: int, n_test: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load images of a set, drawn at random: X_train, y_train, X_test, y_test; pasted ones are made at each call."""
    X, y, X_test, y_test = images(name.removeprefix(PASTED))
    parts = []
    for seed, (values, labels, n) in enumerate(((X, y, n_train), (X_test, y_test, n_test))):
        rows = np.random.default_rng(seed).permutation(len(values))[:n]
        items = values[rows].reshape(-1, ITEM_SIDE, ITEM_SIDE)
        parts += [paste(items, seed) if name.startswith(PASTED) else items, labels[rows]]
    return tuple(parts)


def paste(items: np.ndarray, seed: int) -> np.ndarray:
    """Paste items (n, 28, 28) onto photographs; return images of shape (n, 32, 32, 3)."""
    rng = np.random.default_rng(seed)
    photographs = [Image.fromarray(values).reduce(by) for values in load_sample_images().images for by in REDUCTIONS]
    return np.stack([_paste(item, photographs[rng.integers(len(photographs))], rng) for item in items])


def _paste(item: np.ndarray, photograph: Image.Image, rng: np.random.Generator) -> np.ndarray:
    left, top = (int(rng.integers(side - SIDE)) for side in photograph.size)
    background = np.asarray(photograph.crop((left, top, left + SIDE, top + SIDE)), np.float32)
    side = round(ITEM_SIDE * rng.uniform(*SCALES))
    scaled = Image.fromarray(item[:, ::-1] if rng.random() < 0.5 else item).resize((side, side))
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(scaled, (int(rng.integers(SIDE - side + 1)), int(rng.integers(SIDE - side + 1))))
    levels = np.asarray(canvas, np.float32)[..., None]
    opacity = np.minimum(levels / OPAQUE_LEVEL, 1)
    colour = rng.uniform(DARKEST, 1, 3).astype(np.float32)
    return np.round(background * (1 - opacity) + levels * colour * opacity).astype(np.uint8)
