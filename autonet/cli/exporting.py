"""Command that exports: `export`."""

from pathlib import Path

import click

from autonet.cli.messages import warnings_as_sentences
from autonet.cli.options import traceback_option

__all__ = ["export"]

EXAMPLES = """\b
Examples:
  autonet export price.autonet price.onnx
  autonet export pictures.autonet pictures.pt2 --best
"""


@click.command(epilog=EXAMPLES)
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--best", is_flag=True, help="Export the best network alone instead of the whole final model.")
@traceback_option
def export(model: str, out: Path, best: bool) -> None:
    """Write MODEL, a model file or run directory, for services without autonet.

    OUT ends in .pt2 for torch.export, or in .onnx for ONNX, which needs the extra `onnx`. A JSON file of the same name
    says how columns, or images, become inputs.
    """
    from autonet.cli.models import load_model  # noqa: PLC0415 - imports scikit-learn

    with warnings_as_sentences():
        load_model(model).export(out, ensemble=not best)
    click.echo(f"model exported to {out}, described in {out.with_suffix('.json').name}", err=True)
