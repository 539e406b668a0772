# Two commands do everything: `make bench` and `make test`. Set-up happens once, and what only
# tests need is installed by the first `make test`.

PYTHON ?= python3
VENV ?= .venv
PROFILE ?= standard
# Tests mostly wait for processes, so more of them than CPUs run side by side. Those of one file
# share what they were made with; a file of thorough tests can take longer than all others.
WORKERS ?= 4
BIN := $(VENV)/bin
# They start hundreds of processes: Python keeps what it compiled for the next one.
PYTEST = env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --numprocesses $(WORKERS)
READY := $(VENV)/.ready
TESTABLE := $(VENV)/.testable
# Whatever pip is told elsewhere, here it installs into this environment.
PIP = PIP_USER=0 env -u PIP_TARGET -u PIP_PREFIX $(BIN)/python -m pip install \
    --disable-pip-version-check --constraint constraints.txt

.PHONY: bench build growth experiments topologies node report talk check test test-all lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make bench                 measure (PROFILE=quick|standard|full) and write reports/"
	@echo "make growth                measure what connections cost, and how that grows"
	@echo "make experiments           provoke what the talk speaks of (PROFILE=standard|full)"
	@echo "make topologies            strike each box of the talk's pictures (PROFILE as above)"
	@echo "make report                rebuild reports/ from the raw data, without measuring"
	@echo "make talk                  the slides, in build/talk/ (needs npm; chromium for a PDF)"
	@echo "make build                 build the cells in C; without a compiler they are left out"
	@echo "make node                  what the programs in Node.js need (needs npm)"
	@echo "make check                 check that every cell keeps its contract"
	@echo "make test                  lint, types and the tests of every part (minutes)"
	@echo "make test-all              the same with every program and every fault (CI runs it)"

$(READY): pyproject.toml constraints.txt
	@echo "installing into $(VENV), which happens once"
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "No Middle needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV) || $(PYTHON) -m venv --clear $(VENV)
	$(PIP) --editable .
	@$(PIP) --only-binary :all: --editable '.[deploy]' > $(VENV)/deploy.log 2>&1 \
	    || echo "left out: uvloop, pycurl, pyuwsgi or psycopg has no wheel for this Python; programs that need it are skipped"
	@$(PIP) --only-binary :all: --editable '.[formats]' > $(VENV)/formats.log 2>&1 \
	    || echo "left out: a format of serialization has no wheel for this Python; its experiments are skipped"
	@touch $@

$(TESTABLE): $(READY)
	$(PIP) --editable '.[test]'
	@touch $@

build: $(READY)
	$(BIN)/python -m bench build

node:
	for folder in $(dir $(wildcard implementations/*/embedded/package.json bench/surveys/experiments/catalogue/*/package.json)); do \
	    npm --prefix $$folder install --ignore-scripts --no-package-lock --no-audit --no-fund || exit; \
	done

bench: $(READY)
	$(BIN)/python -m bench run $(if $(findstring --resume,$(ARGS)),,--profile $(PROFILE)) $(ARGS)

growth: $(READY)
	$(BIN)/python -m bench run --profile growth $(ARGS)

experiments: build
	$(BIN)/python -m bench experiments --profile $(PROFILE) $(ARGS)

topologies: $(READY)
	$(BIN)/python -m bench topologies --profile $(PROFILE) $(ARGS)

report: $(READY)
	$(BIN)/python -m bench report $(ARGS)

talk: $(READY)
	$(BIN)/python -m bench talk $(ARGS)

check: build
	$(BIN)/python -m bench check $(ARGS)

lint: $(TESTABLE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint build
	$(PYTEST) --dist loadfile -m "not thorough" $(ARGS)

# Thorough tests wait longer.
test-all: WORKERS = 6
test-all: lint build
	$(PYTEST) --dist worksteal $(ARGS)

format: $(TESTABLE)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf build $(VENV) .mypy_cache .pytest_cache .ruff_cache *.egg-info
