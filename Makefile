# make demo: set up and run the Iraq question.  make test: set up and run the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml README.md $(shell find model params scenarios -type f -not -name '*.pyc' 2>/dev/null)

.PHONY: demo test check docs gallery format bench record clean

demo: $(VENV)/installed
	$(BIN)/hudna run scenarios/iraq-2024.toml

test: $(VENV)/installed-test
	$(BIN)/python -m pytest -n auto --dist worksteal

# Lint, formatting, layers of imports, strict types.
check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYTHONPATH=model $(BIN)/lint-imports --no-cache
	$(BIN)/mypy

# The site, in build/docs; a link that leads nowhere, or a name that is not there, stops it.
docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -E -W -n --keep-going -q docs build/docs
	@echo "Written to build/docs/index.html"

# The pictures of docs/gallery.md, made by its own lines.
gallery: $(VENV)/installed
	$(BIN)/python tests/gallery

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Prints tables and writes docs/benchmarks.md; frameworks it compares with get environments under build/bench.
bench: $(VENV)/installed
	$(BIN)/python tests/bench

# Learns the Iraq case, forecasts its past and scores it, then measures speed. Writes the tables of
# docs/forecast-record.md and docs/record-ucdp.md, pictures of docs/images and the posterior beside the case; then what
# bench writes.
record: $(VENV)/installed
	$(BIN)/python tests/record
	$(MAKE) bench

clean:
	rm -rf $(VENV) build dist out

$(VENV)/made:
	$(PYTHON) -m venv $(VENV)
	touch $@

# The package is built as a wheel and installed, so that what runs is what users get.
$(VENV)/installed: $(VENV)/made $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ".[test]"
	touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ".[docs]"
	touch $@

$(VENV)/installed-dev: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ".[dev]"
	touch $@
