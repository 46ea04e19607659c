.DEFAULT_GOAL := help
PYTHON ?= python3
PORT ?= 8000
STATE ?= .run
export STATE

BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	--no-compile

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: .venv/run ## Serve the demo company on PORT (8000), keeping its data in STATE (.run)
	@exec $(BIN)/python manage.py run --port $(PORT)

# With DATABASE_URL, settings ask for these.
test soak check: export SECRET_KEY ?= for-tests-only
test soak check: export KEY_PEPPER ?= for-tests-only
test soak: export LOG_LEVEL ?= WARNING

.PHONY: test
test: .venv/dev ## Run every test, in as many processes as there are processors
	@exec $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 $(TESTS)

.PHONY: check
check: .venv/dev ## Check format, lint, types, layers and migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check

.PHONY: bench
bench: .venv/dev ## Measure speed against pgbench on this machine; what ARGS ask for
	@PYTHONPATH=sdk/python/src exec $(BIN)/python -m benchmarks $(ARGS)

.PHONY: picture
picture: RESULTS ?= $(lastword $(sort $(wildcard benchmarks/results/*.json)))
picture: .venv/dev ## Draw docs/performance.svg from the newest results of make bench
	@exec $(BIN)/python -m benchmarks.picture \
		$(or $(RESULTS),$(error No results yet: make bench)) docs/performance.svg

.PHONY: soak
soak: .venv/dev ## Run the long tests
	@exec $(BIN)/python -m pytest -m soak

.PHONY: lock
lock: ## Renew both lock files from pyproject.toml (needs uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock
LOCK := uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --upgrade pyproject.toml

.venv/run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit("Drawdown needs Python 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "Installing what Drawdown needs to run into .venv"
	@$(PYTHON) -m venv .venv
	@$(PIP) --requirement requirements.lock
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@echo "Installing what its tests need"
	@$(PIP) --requirement requirements-dev.lock
	@touch $@
