#!/bin/sh
# An environment for each family of peers, for tabular.py:  environments.sh DIR [FAMILY ...]
# PYTHON names the interpreter (3.11, as Auto-PyTorch's stand-ins are written for).  torch comes first everywhere, in
# one version, so that nobody's pins bring another; on a machine without GPU, take it from an index of CPU wheels.
set -eu
directory=${1:?"usage: environments.sh DIR [autonet|autogluon|trees|pytabkit|autopytorch ...]"}
shift
here=$(cd "$(dirname "$0")" && pwd)
torch=torch==2.13.0
mkdir -p "$directory"

install() {
    "$directory/$family/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

for family in ${*:-autonet autogluon trees pytabkit autopytorch}; do
    "${PYTHON:-python3.11}" -m venv "$directory/$family"
    case $family in
    autonet)
        install -c "$here/../../constraints.txt" $torch
        install -c "$here/../../constraints.txt" "$here/../..[plot]" pyarrow
        ;;
    autogluon)
        install $torch
        install $torch "autogluon.tabular[lightgbm,catboost,xgboost,fastai,ray]==1.6.3" pyarrow
        # It is there for images, and its wheel on PyPI does not load beside a CPU wheel of torch.
        "$directory/$family/bin/python" -m pip uninstall --quiet --yes torchvision
        ;;
    trees)
        install scikit-learn==1.9.1 lightgbm==4.7.0 catboost==1.2.10 optuna==5.0.0 pandas pyarrow
        ;;
    pytabkit)
        install $torch
        install $torch pytabkit==1.7.3 pyarrow
        ;;
    autopytorch)
        install $torch
        install $torch "numpy<2" "scikit-learn<1.6" "pandas<3" ConfigSpace==0.6.1 "pyarrow<20" imbalanced-learn netifaces \
            Pyro4 statsmodels pynisher==0.6.4 openml psutil "setuptools<80"
        install --no-deps hpbandster==0.7.4 autoPyTorch==0.0.2
        ;;
    esac
done
