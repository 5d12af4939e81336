"""What the ablation's table says of runs."""

import json
from pathlib import Path
from typing import Any


def test_a_part_helps_where_the_error_without_it_is_larger(script: Any, tmp_path: Path) -> None:
    errors = {"autonet": (1.0, 2.0), "autonet:without search": (1.1, 1.99), "autonet:without folds": (0.9,)}
    records = [
        {"table": table, "split": 0, "system": system, "seconds": 30.0, "status": "ok", "kind": "regression", "rmse": e}
        for system, of_tables in errors.items()
        for table, e in zip("ab", of_tables, strict=False)
    ]
    other_time = records[0] | {"seconds": 60.0, "rmse": 100.0}
    out = tmp_path / "runs.jsonl"
    out.write_text("\n".join(map(json.dumps, [*records, other_time])))
    assert list(script("ablation").report(out, 30.0))[2:] == [
        "| without search | 1.046 | 1 | 0 | 1.100 | 0.995 |",
        "| without folds | 0.900 | 0 | 1 | 0.900 |  |",
    ]
