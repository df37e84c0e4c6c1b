# Two commands for a fresh machine with Python 3.11 or newer, git and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
WITNESSES ?= .venv-witnesses
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test lint types unit witnesses bench shapes docs site clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/run.stamp: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Apollo needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=python3.11, for example.") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --editable .
	touch $@

$(VENV)/dev.stamp: pyproject.toml $(VENV)/run.stamp
	$(PIP) install --quiet --editable '.[dev]'
	touch $@

demo: $(VENV)/run.stamp ## the whole story on this machine, with no AWS account
	$(BIN)/apollo demo

test: lint types unit ## every check

lint: $(VENV)/dev.stamp ## style, and which room may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo

types: $(VENV)/dev.stamp ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy plugins/*/src

unit: $(VENV)/dev.stamp ## the tests, the docs' examples and the built wheel
	$(BIN)/python -m pytest -n auto --dist worksteal

$(WITNESSES)/run.stamp: tests/witnesses/requirements.txt
	test -x $(WITNESSES)/bin/python || $(PYTHON) -m venv $(WITNESSES)
	$(WITNESSES)/bin/python -m pip --disable-pip-version-check install --quiet -r $<
	touch $@

witnesses: $(VENV)/dev.stamp $(WITNESSES)/run.stamp ## the aws CLI and ecs-deploy against the local AWS
	WITNESSES=$(abspath $(WITNESSES)) $(BIN)/python -m pytest tests/witnesses -n auto \
		-o python_files='witness_*.py' -o python_functions='witness_*'

bench: $(VENV)/dev.stamp ## the benchmarks: ratios and counts
	$(BIN)/python -m benchmarks

shapes: $(VENV)/dev.stamp ## generate the specs again from the installed botocore
	$(BIN)/python tools/generate_shapes.py

docs: $(VENV)/dev.stamp ## write the references from the code again
	$(BIN)/python tools/generate_docs.py

site: $(VENV)/dev.stamp ## the documentation as a site, in build/site; a broken link fails it
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

clean: ## remove what was installed and built
	rm -rf $(VENV) $(WITNESSES) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
