PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help demo lab test check bench lock clean

help: ## Show what make can do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("HighNoon needs Python 3.11 or newer: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

demo: $(READY) ## Tune a small HSMN on real text, about three minutes on two cores
	$(BIN)/highnoon tune --study demo --storage sqlite:///demo.db --n-trials 16 --seed 0
	$(BIN)/highnoon show demo --storage sqlite:///demo.db

lab: $(READY) ## Open JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

test: $(READY) ## Run the tests
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(READY) ## Lint, formatting, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(READY) ## Run the benchmarks, each against its peer
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(READY) ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-annotate --no-emit-index-url --upgrade \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## Remove the environment and what the demo left
	rm -rf .venv demo.db demo.db-shm demo.db-wal
