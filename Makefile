# Everything a newcomer or a machine needs; each target sets up what it needs itself.
# A Python that was built without its optimizations, as version managers build it, takes a tenth longer for a message: it is
# passed over where the system has another one that suits.
SUITS := import ensurepip, sys, sysconfig; optimized = "--enable-optimizations" in sysconfig.get_config_var("CONFIG_ARGS"); \
	sys.exit(sys.version_info < (3, 11) or not (optimized or sys.base_prefix == "/usr"))
PYTHON ?= $(shell for one in python3 /usr/bin/python3; do "$$one" -c '$(SUITS)' 2>/dev/null && echo "$$one" && exit; done; \
	echo python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
# Of `make faults`: server processes, messages of each scenario at least, messages a second, and further options.
WORKERS ?= 4
MESSAGES ?= 2000
RATE ?= 80
FAULTS ?=
RUN_READY := $(VENV)/.run-ready
READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --root-user-action=ignore \
	--progress-bar off --retries 5 --require-hashes
STEP := scripts/step.sh
# Of `make lock`: further options of `uv pip compile`.
LOCK ?=
# Without the machine's own settings, so that everybody's locks are the same.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv --no-config pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --generate-hashes $(LOCK)
ESLINT := node_modules/.bin/eslint .
PRETTIER := node_modules/.bin/prettier --log-level warn --check .
# Of `make release`: the version, and the commit for which `make check` passed elsewhere.
VERSION ?=
CI_PASSED ?=
# Further options of pytest for `make quick`, `test`, `check` and `integration`.
PYTEST ?=

.PHONY: help setup run style types static test quick check integration bench faults screenshots documents vendor lock release clean

help:  ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(RUN_READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python3."; exit 1; }
	@test -x $(BIN)/python || $(STEP) "Making the virtual environment $(VENV)" $(PYTHON) -m venv $(VENV)
	@$(STEP) "Installing Python packages into it" $(INSTALL) -r requirements.txt
	@touch $@

$(READY): requirements-dev.txt $(RUN_READY)
	@$(STEP) "Installing Python packages of the tests" $(INSTALL) -r requirements-dev.txt
	@touch $@

$(NODE_READY): package.json package-lock.json
	@if command -v npm >/dev/null; then \
		$(STEP) "Installing JavaScript packages of the tests" npm ci --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm is not installed: the tests with the JavaScript client will be left out."; fi

setup: $(READY) $(NODE_READY)  ## Virtual environment, dependencies

run: $(RUN_READY)  ## Serve with demo data on http://127.0.0.1:3000
	@$(STEP) "Preparing the database" $(BIN)/python manage.py migrate --verbosity 0
	@printf '\nPlay       http://127.0.0.1:$(PORT)/demo        a deal, both sides of it\n'
	@printf 'Open       http://127.0.0.1:$(PORT)/            how to log in and use the API\n'
	@printf 'Browse     http://127.0.0.1:$(PORT)/api/docs    the REST API\n'
	@printf 'Look into  http://127.0.0.1:$(PORT)/admin/      conversations, as the operator\n\n'
	@$(BIN)/python manage.py demo
	@$(BIN)/python manage.py serve --port $(PORT)

style: $(READY) $(NODE_READY)
	@echo "=== Style ==="
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	@if test -x node_modules/.bin/eslint; then $(STEP) eslint $(ESLINT) && $(STEP) prettier $(PRETTIER); \
	else echo "LEFT OUT: style of JavaScript, for npm is not installed"; test -z "$$CI"; fi

types: $(READY)
	@echo "=== Types, imports, dead code ==="
	@$(STEP) mypy $(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports --no-logo
	@$(STEP) vulture $(BIN)/python -m scripts.dead_code

static: style types
	@echo "=== Settings, migrations, generated documents ==="
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py export_documents --check
	$(BIN)/python manage.py export_flows --check
	$(BIN)/python scripts/package_graph.py --check

test: setup  ## The tests of `make check`: unit, API and contract tests on both databases, one walk in a browser
	@$(BIN)/python -m tests.suite check $(PYTEST)

quick: setup style types  ## Style, types, imports, dead code and unit tests, for the inner loop
	@$(BIN)/python -m tests.suite quick $(PYTEST)

check: setup static test  ## What every commit passes: style, types, imports, dead code, migrations, documents, `make test`

integration: setup  ## All other tests: server processes, browsers, proxies, documents, faults
	@$(BIN)/python -m tests.suite integration $(PYTEST)

bench: $(READY)  ## Measure everything against the peers (docs/performance.md)
	@$(BIN)/python -m benchmarks

faults: setup  ## Kill, cut and stall everything, and look for what is lost (docs/reliability.md)
	@$(BIN)/python -m faults --workers $(WORKERS) --messages $(MESSAGES) --rate $(RATE) $(FAULTS)

screenshots: setup  ## Take the pictures of docs/screenshots anew (needs Chromium)
	@$(BIN)/python -m tests.web.screenshots

documents: $(READY)  ## Write the generated documents anew
	@$(BIN)/python manage.py export_documents
	@$(BIN)/python manage.py export_flows
	@$(BIN)/python scripts/package_graph.py

vendor: $(RUN_READY) $(NODE_READY)  ## Copy what pages load of npm packages into static/vendor, in the versions of package-lock.json
	@$(BIN)/python scripts/vendor.py

lock: $(READY)  ## Pin the dependencies of pyproject.toml in requirements.txt and requirements-dev.txt (docs/dependencies.md)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraint requirements.txt --output-file requirements-dev.txt

release: setup  ## Make the release VERSION=1.2.3 (CONTRIBUTING.md)
	@$(BIN)/python -m scripts.release '$(VERSION)' $(if $(CI_PASSED),--ci-passed '$(CI_PASSED)')

clean:  ## Throw away what was set up and the development database
	rm -rf $(VENV) node_modules var staticfiles
