# Every target does its own set-up in .venv; the versions tested are in constraints.txt.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
PEERS ?= .peers
# What depends most on other packages; part of CI beside all tests, so no more than minutes.
TESTS_OF_LOWEST := tests/metrics tests/data/encoding tests/data/reading tests/space/test_updates.py \
	tests/space/test_portfolio.py $(addprefix tests/search/storage/,test_files.py test_journal.py test_replay.py \
	test_settings.py test_store.py) tests/core/test_jsonvalues.py tests/testing/test_stores.py \
	tests/estimators/test_frames.py tests/estimators/test_scikit_learn.py \
	$(addprefix tests/search/export/,test_distributions.py test_tables.py test_values.py)

# What takes long: worker processes, runs that are killed, exports, conformance to scikit-learn, pages and examples.
SLOW_TESTS := tests/test_docs.py tests/test_examples.py tests/test_fastapi_service.py tests/test_packaging.py \
	tests/search/executors tests/search/test_resume.py tests/pipeline/test_shared_encodings.py \
	tests/testing/test_executors.py tests/estimators/test_executors.py tests/estimators/test_run.py \
	tests/estimators/test_callbacks.py tests/estimators/test_interrupts.py \
	tests/estimators/test_scikit_learn.py tests/estimators/test_slow_metrics.py \
	tests/estimators/test_odd_input.py tests/estimators/test_tree_ensembles.py tests/estimators/test_pickling.py \
	tests/models/test_export.py tests/models/test_tree_modules.py \
	tests/cli tests/estimators/test_selection.py tests/estimators/test_selection_refit.py \
	tests/estimators/test_images.py tests/estimators/test_image_sources.py tests/estimators/test_files.py \
	tests/estimators/test_quantiles.py tests/pipeline/test_refit.py tests/pipeline/test_refitted.py \
	tests/search/test_samplers.py
PYTEST = $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

.PHONY: demo test test-slow test-lowest test-wheel test-newest-python torture check format wheel docs docs-links benchmarks benchmark-tables benchmark-peers benchmark-ablation benchmark-portfolio benchmark-search clean

demo: $(INSTALLED)
	$(BIN)/python examples/digits.py

test: $(INSTALLED)
	$(PYTEST) $(addprefix --ignore=,$(SLOW_TESTS))

test-slow: $(INSTALLED)
	$(PYTEST) $(SLOW_TESTS)

# The lowest versions that pyproject.toml promises, in an environment of their own; old packages may warn.
test-lowest: $(VENV)-lowest/installed
	$(VENV)-lowest/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal -W default \
		--disable-warnings $(TESTS_OF_LOWEST)

# The wheel without extras, in an environment of its own.
test-wheel: wheel
	$(PYTHON) -m venv --clear $(VENV)-wheel
	$(VENV)-wheel/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(VENV)-wheel/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt dist/*.whl
	$(VENV)-wheel/bin/python -P tests/without_extras.py

test-newest-python: $(INSTALLED)
	.ci/newest-python.sh

# Forty minutes: run directories under kills and faults, real limits and signals on fits, damaged presets; a line per row.
torture: $(INSTALLED)
	$(BIN)/python tests/search/torture.py
	$(BIN)/python tests/estimators/torture.py
	$(BIN)/python tests/space/hostile.py
	$(BIN)/python -m tests.estimators.hostile_files

check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(INSTALLED)
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation

# Two minutes: the pages, in docs/_build/html; warnings are errors, and so is a broken link within them.
docs: $(VENV)/installed-docs
	rm -rf docs/_build/html docs/api/generated docs/auto_examples
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --fresh-env docs docs/_build/html

# Links to other sites, too; needs the network.
docs-links: $(VENV)/installed-docs
	$(BIN)/python -m sphinx --builder linkcheck -D plot_gallery=0 docs docs/_build/links

# Long: an hour and a half on two cores; the tables lie beside the scripts.
benchmarks: $(INSTALLED)
	$(BIN)/python benchmarks/training_speed.py
	$(BIN)/python benchmarks/stacking.py
	$(BIN)/python benchmarks/precision.py
	$(BIN)/python benchmarks/digits.py
	$(BIN)/python benchmarks/mnist.py --max-runtime 300 --min-budget 15 --max-budget 225
	$(BIN)/python benchmarks/mnist.py --max-runtime 2000 --min-budget 100 --max-budget 1500
	$(BIN)/python benchmarks/mnist.py --preset medium_cs --max-runtime 600
	$(BIN)/python benchmarks/images.py speed
	$(BIN)/python benchmarks/images.py threads
	$(BIN)/python benchmarks/images.py digits
	$(BIN)/python benchmarks/images.py fit --seconds 300 2000

# Half an hour: real tables, and what encoding costs; twenty minutes more: molecules; as much: model files.
benchmark-tables: $(INSTALLED)
	$(BIN)/python benchmarks/tables.py --seeds 0 1 2
	$(BIN)/python benchmarks/encoding.py
	$(BIN)/python benchmarks/hiv.py --folds 5 --seeds 0 1
	$(BIN)/python benchmarks/serving.py
	$(BIN)/python benchmarks/model_files.py --out model_files.jsonl
	$(BIN)/python benchmarks/model_files.py --out model_files.jsonl --table

# Hours: against AutoGluon, boosted trees, RealMLP, TabM and Auto-PyTorch, each in its own environment below PEERS.
benchmark-peers: $(INSTALLED)
	benchmarks/peers/environments.sh $(PEERS)
	$(BIN)/python benchmarks/tabular.py --environments $(PEERS) --seconds 60 --out tabular.jsonl
	$(BIN)/python benchmarks/tabular.py --table --out tabular.jsonl

# Forty minutes: what each part is worth.
benchmark-ablation: $(INSTALLED)
	$(BIN)/python benchmarks/ablation.py --out ablation.jsonl

# An hour: which configurations medium_cs tries first; the preset comes out.
benchmark-portfolio: $(INSTALLED)
	$(BIN)/python benchmarks/portfolio.py run --out portfolio-runs
	$(BIN)/python benchmarks/portfolio.py judge --out portfolio-runs
	$(BIN)/python benchmarks/portfolio.py choose --out portfolio-runs
	$(BIN)/python benchmarks/portfolio_images.py run --out portfolio-images-runs
	$(BIN)/python benchmarks/portfolio_images.py choose --out portfolio-images-runs

# Half an hour: the search on learning-curve surrogates; the runs of other systems are appended by hand.
benchmark-search: $(INSTALLED)
	$(BIN)/python benchmarks/search_overhead.py
	$(BIN)/python benchmarks/search.py --out search.jsonl
	$(BIN)/python benchmarks/search.py --portfolio --out search.jsonl
	$(BIN)/python benchmarks/search.py --workers 4 --tasks lcbench:167168 lcbench:189873 lcbench:189906 --out search.jsonl

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev,draw]"
	touch $(INSTALLED)

$(VENV)/installed-docs: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	touch $@

$(VENV)-lowest/installed: pyproject.toml constraints-lowest.txt
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt torch
	$(VENV)-lowest/bin/python -m pip install --quiet --disable-pip-version-check -c constraints-lowest.txt \
		-e ".[plot,dask]" hypothesis optuna polars pyarrow pytest pytest-timeout pytest-xdist
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-lowest $(VENV)-wheel dist build docs/_build docs/api/generated docs/auto_examples
