"""
From a folder of pictures to a served model
===========================================

A folder with a sub-folder of pictures for each class becomes a model that answers in a service without autonet and
torch. It needs the extras ``images``, ``plot`` and ``onnx``.
"""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread
from urllib.request import urlopen

import matplotlib.pyplot as plt
import numpy as np
import onnxruntime
from PIL import Image, ImageDraw, ImageOps

import autonet
from autonet.inspection import AugmentationsDisplay, ConfusionMatrixDisplay, MistakesDisplay, PatchImportanceDisplay

# %%
# Pictures of three shapes, in any dark color, place and size. Other folders need this layout only:
# ``train/circle/7.png`` is a circle.
rng = np.random.default_rng(0)


def draw_shape(kind):
    """Draw a circle, a square or a triangle on a picture of 48 x 48 pixels."""
    background, color = rng.integers(150, 256, size=3), rng.integers(150, size=3)
    noise = rng.normal(background, 20, (48, 48, 3)).clip(0, 255)
    picture, side = Image.fromarray(noise.astype(np.uint8)), rng.integers(8, 36)
    left, top = rng.integers(2, 46 - side, size=2)
    box, draw = [left, top, left + side, top + side], ImageDraw.Draw(picture)
    if kind == "circle":
        draw.ellipse(box, fill=tuple(color))
    elif kind == "square":
        draw.rectangle(box, fill=tuple(color))
    else:
        draw.polygon([left, top + side, left + side, top + side, left + side / 2, top], fill=tuple(color))
    return picture


folder = Path(mkdtemp())
for part, n in (("train", 120), ("test", 40)):
    for kind in ("circle", "square", "triangle"):
        (folder / part / kind).mkdir(parents=True)
        for i in range(n):
            draw_shape(kind).save(folder / part / kind / f"{i}.png")

figure, axes = plt.subplots(1, 6, figsize=(9, 1.6), layout="constrained")
for ax, path in zip(axes, sorted((folder / "train").glob("*/[01].png")), strict=True):
    ax.imshow(Image.open(path))
    ax.set_title(path.parent.name, fontsize=9)
    ax.set_axis_off()

# %%
# Fit: the sub-folders are the classes. All pictures become 24 x 24 pixels; without ``image_size``, the medians of their
# heights and widths. ``max_runtime=300`` would be a limit in seconds instead of trials and epochs.
auto = autonet.AutoNetImageClassification(
    "tiny_cs", image_size=24, max_trials=2, budget_type="epochs", min_budget=10, max_budget=20, random_state=0
)
auto.fit(folder / "train")
print(auto)

# %%
# Evaluate, on pictures that the fit has not seen:
files = sorted((folder / "test").glob("*/*.png"))
labels = [path.parent.name for path in files]
print(auto.evaluate(files, labels, metrics=["accuracy", "neg_log_loss"]))
ConfusionMatrixDisplay.from_estimator(auto, files, labels)

# %%
# Which pictures are taken for which? Most mistakes are small shapes.
MistakesDisplay.from_estimator(auto, files, labels)

# %%
# Training changed the pictures at random, so that the network saw none twice. Changes that would turn a class into
# another are left out with an update of the search space, or all of them with ``augmentations=["none"]``.
AugmentationsDisplay.from_estimator(auto, files[::40], n_images=3)

# %%
# Where does the model look? Every patch is replaced by that of another picture.
PatchImportanceDisplay.from_estimator(auto, files, labels, metric="neg_log_loss", n_repeats=3, max_rows=60)

# %%
# Save and load. The file holds no code and no pictures; the loaded model takes arrays, files, and pictures of Pillow.
auto.save(folder / "shapes.autonet")
print(autonet.load(folder / "shapes.autonet").predict([draw_shape("circle"), draw_shape("triangle")]))

# %%
# Export for a service that has NumPy, Pillow and onnxruntime only: a JSON file beside the model tells its shape, how
# files become inputs, and its labels.
auto.export(folder / "shapes.onnx")
description = json.loads((folder / "shapes.json").read_text())
print(description["inputs"], description["files"], description["output"]["labels"])

# %%
# Serve: a picture is posted, and its probabilities come back. Pictures are read as in training: upright, on white where
# they are transparent, gray if the model is. ``HTTPServer`` is for a first try; a service for many users needs the same
# functions ``read`` and ``answer``.
session = onnxruntime.InferenceSession(folder / "shapes.onnx")
_, height, width = description["inputs"][0]["shape"]


def read(content):
    """Return the bytes of a file as an array (1, channels, height, width)."""
    picture, how = ImageOps.exif_transpose(Image.open(BytesIO(content))), description["files"]
    if how is None:
        raise ValueError("This model was fitted to arrays that are not pictures; it takes no files.")
    if (picture.mode == "F") != (how["range"] is None):
        raise ValueError("A model of files of floats takes no others, and other models take none of these.")
    if picture.mode.startswith("I"):  # 16 bits
        picture = Image.fromarray(np.asarray(picture, np.float32) / how["divisor_of_16_bits"])
    if picture.has_transparency_data:
        background = Image.new("RGBA", picture.size, how["background"])
        background.alpha_composite(picture.convert("RGBA"))
        picture = background
    if picture.mode != "F":
        picture = picture.convert(how["mode"])
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    pixels = np.atleast_3d(np.asarray(picture)).transpose(2, 0, 1)
    pixels = np.repeat(pixels, 3 // len(pixels) if how["mode"] == "RGB" else 1, axis=0)
    dtype = description["inputs"][0]["dtype"]
    return (pixels.clip(0, 255).round() if dtype == "uint8" else pixels)[None].astype(dtype)


def answer(content):
    """Return the probability of each class for the bytes of a file."""
    [probabilities] = session.run(None, {"images": read(content)})[0]
    return dict(zip(description["output"]["labels"], probabilities.round(3).tolist(), strict=True))


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer(body)).encode())

    def log_message(self, *_):
        """Log nothing."""


server = HTTPServer(("localhost", 0), Handler)
Thread(target=server.serve_forever, daemon=True).start()

# %%
# Query it, as any client would:
for path in files[::40]:
    with urlopen(f"http://localhost:{server.server_port}", path.read_bytes()) as response:
        print(path.parent.name, response.read().decode())
server.shutdown()
server.server_close()

# %%
# The estimator says the same:
print(auto.predict_proba(files[::40]).round(3))

# sphinx_gallery_thumbnail_number = 3
