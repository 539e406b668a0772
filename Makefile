# Two commands do everything: `make bench` and `make test`. Set-up happens once.

PYTHON ?= python3
VENV ?= .venv
PROFILE ?= standard
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: bench build node report talk check test lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make bench                 measure (PROFILE=quick|standard|full) and write reports/"
	@echo "make report                rebuild reports/ from the raw data, without measuring"
	@echo "make talk                  the slides, in build/talk/ (needs npm; chromium for a PDF)"
	@echo "make build                 build the cells in C; without a compiler they are left out"
	@echo "make node                  what the programs in Node.js need (needs npm)"
	@echo "make check                 check that every cell keeps its contract"
	@echo "make test                  lint, types and the test suite"

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "No Middle needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

build: $(READY)
	$(BIN)/python -m bench build

node:
	for folder in $(dir $(wildcard implementations/*/embedded/package.json)); do \
	    npm --prefix $$folder install --ignore-scripts --no-package-lock --no-audit --no-fund || exit; \
	done

bench: build
	$(BIN)/python -m bench run $(if $(findstring --resume,$(ARGS)),,--profile $(PROFILE)) $(ARGS)

report: $(READY)
	$(BIN)/python -m bench report $(ARGS)

talk: $(READY)
	$(BIN)/python -m bench talk $(ARGS)

check: build
	$(BIN)/python -m bench check $(ARGS)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: lint build
	$(BIN)/pytest $(ARGS)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf build $(VENV) .mypy_cache .pytest_cache .ruff_cache *.egg-info
