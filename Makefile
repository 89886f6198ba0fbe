# The commands for developers and CI. Each target first installs its own requirements.
# A Python that was built without optimizations, for example by a version manager, needs a tenth more time for each
# message. It is used only if the system has no other suitable Python.
SUITS := import ensurepip, sys, sysconfig; optimized = "--enable-optimizations" in sysconfig.get_config_var("CONFIG_ARGS"); \
	sys.exit(sys.version_info < (3, 11) or not (optimized or sys.base_prefix == "/usr"))
PYTHON ?= $(shell for one in python3 /usr/bin/python3; do "$$one" -c '$(SUITS)' 2>/dev/null && echo "$$one" && exit; done; \
	echo python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 3000
# Options of `make faults`: server processes, minimum messages per scenario, messages per second, further options.
WORKERS ?= 4
MESSAGES ?= 2000
RATE ?= 80
FAULTS ?=
RUN_READY := $(VENV)/.run-ready
READY := $(VENV)/.ready
NODE_READY := node_modules/.ready
GENERATORS_READY := tests/generators/node_modules/.ready
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --root-user-action=ignore \
	--progress-bar off --retries 5 --require-hashes
STEP := scripts/step.sh
# Options of `make lock`: further options of `uv pip compile`.
LOCK ?=
# uv ignores the settings of the machine, so that the locks are the same on all machines.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv --no-config pip compile pyproject.toml --quiet --universal \
	--python-version 3.11 --generate-hashes $(LOCK)
ESLINT := node_modules/.bin/eslint .
PRETTIER := node_modules/.bin/prettier --log-level warn --check .
# Options of `make release`: the version, and the commit for which `make check` has passed on another machine.
VERSION ?=
CI_PASSED ?=
# The recipe reads them from the environment, unexpanded: make and the shell execute nothing that a value contains.
unexport VERSION CI_PASSED
release: export RELEASE_VERSION = $(value VERSION)
release: export RELEASE_CI_PASSED = $(value CI_PASSED)
# Further options of pytest for `make quick`, `test`, `check` and `integration`.
PYTEST ?=

.PHONY: help setup run style types static test quick check integration bench faults screenshots documents vendor lock release release-options clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

$(RUN_READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is required. Set its path with PYTHON=/path/to/python3."; exit 1; }
	@test -x $(BIN)/python || $(STEP) "Creating the virtual environment $(VENV)" $(PYTHON) -m venv $(VENV)
	@$(STEP) "Installing Python packages" $(INSTALL) -r requirements.txt
	@touch $@

$(READY): requirements-dev.txt $(RUN_READY)
	@$(STEP) "Installing Python packages for the tests" $(INSTALL) -r requirements-dev.txt
	@touch $@

$(NODE_READY): package.json package-lock.json
	@if command -v npm >/dev/null; then \
		$(STEP) "Installing JavaScript packages for the tests" npm ci --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm is not installed: the tests with the JavaScript client will be skipped."; fi

$(GENERATORS_READY): tests/generators/package.json tests/generators/package-lock.json
	@if command -v npm >/dev/null; then \
		$(STEP) "Installing generators of clients for the tests" \
			npm ci --prefix tests/generators --no-audit --no-fund --loglevel=error && touch $@; \
	else echo "npm is not installed: the tests with generated clients will be skipped."; fi

setup: $(READY) $(NODE_READY) $(GENERATORS_READY)  ## Create the virtual environment and install the dependencies

run: $(RUN_READY)  ## Serve with demo data on http://127.0.0.1:3000
	@$(STEP) "Preparing the database" $(BIN)/python manage.py migrate --verbosity 0
	@printf '\nPlay       http://127.0.0.1:$(PORT)/demo        both sides of a deal\n'
	@printf 'Open       http://127.0.0.1:$(PORT)/            log in, and learn to use the API\n'
	@printf 'Browse     http://127.0.0.1:$(PORT)/api/docs    the REST API\n'
	@printf 'Look into  http://127.0.0.1:$(PORT)/admin/      conversations, as an operator\n\n'
	@$(BIN)/python manage.py demo
	@$(BIN)/python manage.py serve --port $(PORT)

style: $(READY) $(NODE_READY)
	@echo "=== Style ==="
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/codespell
	@if test -x node_modules/.bin/eslint; then $(STEP) eslint $(ESLINT) && $(STEP) prettier $(PRETTIER); \
	else echo "LEFT OUT: style of JavaScript, because npm is not installed"; test -z "$$CI"; fi

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

test: setup  ## Run the tests of `make check`: unit, API and contract tests on both databases, one browser test
	@$(BIN)/python -m tests.suite check $(PYTEST)

quick: setup style types  ## Check style, types, imports and dead code, and run unit tests, while you work
	@$(BIN)/python -m tests.suite quick $(PYTEST)

check: setup static test  ## Run what every commit must pass: style, types, imports, dead code, migrations, documents, tests

integration: setup  ## Run all other tests: server processes, browsers, proxies, documents, faults
	@$(BIN)/python -m tests.suite integration $(PYTEST)

bench: $(READY)  ## Run all benchmarks of Stoory and the peers (docs/performance.md)
	@$(BIN)/python -m benchmarks

faults: setup  ## Inject faults into a cluster and check that no event is lost (docs/reliability.md)
	@$(BIN)/python -m faults --workers $(WORKERS) --messages $(MESSAGES) --rate $(RATE) $(FAULTS)

screenshots: setup  ## Take the screenshots in docs/screenshots again (needs Chromium)
	@$(BIN)/python -m tests.web.screenshots

documents: $(READY)  ## Update the generated documents
	@$(BIN)/python manage.py export_documents
	@$(BIN)/python manage.py export_flows
	@$(BIN)/python scripts/package_graph.py

vendor: $(RUN_READY) $(NODE_READY)  ## Copy the npm files that pages load into static/vendor, in the versions of package-lock.json
	@$(BIN)/python scripts/vendor.py

lock: $(READY)  ## Pin the dependencies of pyproject.toml in requirements.txt and requirements-dev.txt (docs/dependencies.md)
	$(COMPILE) --output-file requirements.txt
	$(COMPILE) --group dev --constraint requirements.txt --output-file requirements-dev.txt

release: release-options setup  ## Make the release VERSION=1.2.3 (CONTRIBUTING.md)
	@$(BIN)/python -m scripts.release "$$RELEASE_VERSION" $${RELEASE_CI_PASSED:+--ci-passed "$$RELEASE_CI_PASSED"}

release-options:
	@case "$$RELEASE_VERSION" in ''|*[!0-9.]*) \
		printf 'No release: “%s” is no version: three numbers are needed, as in VERSION=1.2.3.\n' "$$RELEASE_VERSION" >&2; \
		exit 1;; esac
	@case "$$RELEASE_CI_PASSED" in *[!0-9a-f]*) \
		printf 'No release: “%s” is no commit, as in CI_PASSED=$$(git rev-parse HEAD).\n' "$$RELEASE_CI_PASSED" >&2; \
		exit 1;; esac

clean:  ## Delete the installed packages, collected static files and the development database
	rm -rf $(VENV) node_modules tests/generators/node_modules var staticfiles
