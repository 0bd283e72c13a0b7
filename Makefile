# Everything a person types. Each target makes .venv itself, from the lock; second runs are fast.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed
PACKAGES := tocsin listeners triggers acs_stream triangulation notifier advocates
WORKERS ?= 2
PORT ?= 8000

.PHONY: kafka demo test test-long check format lint types layers docs bench oracles audit sbom setup wheel clean

demo: $(STAMP)
	@$(BIN)/tocsin demo $(if $(HEADLESS),--headless) $(if $(JSON),--json) --port $(PORT)

test: $(STAMP)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m "not long"

test-long: $(STAMP)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile -m long

check: format lint types layers docs

format: $(STAMP)
	@$(BIN)/ruff format --check .

lint: $(STAMP)
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/mypy

layers: $(STAMP)
	@$(BIN)/lint-imports --no-cache

docs: $(STAMP)
	@$(BIN)/python -W ignore docs/run_tutorials.py
	@$(BIN)/mkdocs build --strict --quiet

bench: $(STAMP)
	@for name in geometry overlap sky replay delay search; do $(BIN)/tocsin bench $$name --json || exit 1; done

# Peers side by side with us, in an environment of their own: they are not in the lock, and some are GPL.
oracles: $(STAMP) .oracles/.installed
	@$(BIN)/python benchmarks/oracles.py .oracles/bin/python

.oracles/.installed: benchmarks/peers/requirements.txt
	@$(PYTHON) -m venv .oracles
	@.oracles/bin/pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt
	@touch $@

audit: $(STAMP)
	@.ci/audit

sbom: $(STAMP)
	@mkdir -p dist && $(BIN)/cyclonedx-py requirements requirements.lock --output-format JSON -o dist/sbom.json && echo dist/sbom.json

# Apache Kafka's own server, for tests/kafka; without it they are skipped.
kafka: .kafka/.fetched

.kafka/.fetched: tests/kafka/pom.xml
	@mvn -q -B -f tests/kafka/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
		-DoutputDirectory=$(CURDIR)/.kafka
	@touch $@

wheel: $(STAMP)
	@$(BIN)/python -m hatchling build -t wheel

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tocsin needs Python 3.11, 3.12 or 3.13: install one, or name it with PYTHON=..."; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version) from requirements.lock (about a minute, once)"
	@$(PYTHON) -m venv .venv || { echo "this Python has no venv module; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

clean:
	rm -rf .venv .oracles dist build site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
