#!/usr/bin/env bash
# Tests under the newest Python that torch can be had for without CUDA; where that is the one of .venv, says so.
set -euo pipefail
cd "$(dirname "$0")/.."
torch="$(grep '^torch==' constraints.txt)+cpu"  # any other build would bring gigabytes of CUDA
for version in 3.14 3.13 3.12; do
    for python in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
        "$python" --version >/dev/null 2>&1 || continue
        if "$python" -m pip install --quiet --dry-run --no-deps --ignore-installed "$torch" >/dev/null 2>&1; then
            exec make test PYTHON="$python" VENV=".venv-$version"
        fi
        echo "newest Python: no $torch for $("$python" --version)"
    done
done
echo "newest Python: skipped, $(.venv/bin/python --version) is the newest that $torch is served for here"
