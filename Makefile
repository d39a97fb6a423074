# `make run` and `make test` set themselves up; nothing is installed outside this checkout
# and the tools' own caches.
PORT ?= 8080
VAR ?= var
DEMO ?= 1
PYTHON ?= python3
TESTS ?=

UV_VERSION := 0.13.9
UV := .tools/uv-$(UV_VERSION)
READY := .venv/.ready

.PHONY: help run run-full test check bench sdk clean
help:
	@echo 'make run       everything in one process on http://127.0.0.1:$(PORT)  (PORT, VAR, DEMO=0)'
	@echo 'make run-full  one process per service, on a real PostgreSQL and a real Kafka'
	@echo 'make test      all that can run on this machine  (TESTS=tests/orders for a part)'
	@echo 'make check     style, types, who may import whom'
	@echo 'make bench     the benchmarks'
	@echo 'make sdk       clients in TypeScript and Python, into dist/sdk'
	@echo 'make clean     tools, caches and environment; never the data in $(VAR)'

run: $(READY)
	@exec .venv/bin/hansa run --port $(PORT) --var $(VAR) $(if $(filter 0,$(DEMO)),--no-demo)

run-full: $(READY)
	@exec .venv/bin/hansa run-full --port $(PORT) --var $(VAR) $(if $(filter 0,$(DEMO)),--no-demo)

test: $(READY)
	@.venv/bin/pytest -n 2 --dist loadgroup $(TESTS)

check: $(READY)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports

bench: $(READY)
	@for each in benchmarks/bench_*.py; do PYTHONPATH=. .venv/bin/python "$$each" || exit 1; done

sdk: $(READY)
	@.venv/bin/python -m sdk.build dist/sdk

clean:
	rm -rf .venv .tools .cache .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(READY): pyproject.toml uv.lock $(UV)
	@.tools/bin/uv sync --quiet --frozen --all-extras
	@touch $@

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo 'Hansa needs Python 3.11 or newer: install it, or name one: make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo 'Python has no venv module: install it (on Debian: apt-get install python3-venv)'; exit 1; }
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
