# Everything that is done with this repository. Set-up is incremental: what did not change is not done again.
# ARGS is handed on: make up ARGS="--port 9000", make test ARGS="-k signature".

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The tests start hundreds of processes: what one compiled, the next need not, whatever the surroundings say.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
RUN := .venv/.installed-run
DEV := .venv/.installed-dev
NPM := scripts/node.sh npm --prefix web
# The Node that Playwright brings along needs libraries that a bare machine lacks; ours runs there.
WITH_NODE := PLAYWRIGHT_NODEJS_PATH=$$(scripts/node.sh sh -c 'command -v node')
# The theme's makers advertise another program at every build.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
MODULES := web/node_modules/.installed
PAGE := gateway/assets/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null | grep -v '[[:space:]]')
LOCKED := pyproject.toml requirements/build.txt scripts/python.sh scripts/say.sh

.PHONY: help up test test-web check lint bench drill fuzz screenshots docs site web lock licences sbom audit clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

up: $(RUN) $(PAGE) ## Start everything on an embedded Postgres, with a demo tenant
	@exec $(BIN)/postgate up $(ARGS)

test: $(DEV) $(PAGE) test-web ## Run all tests
	@scripts/chromium.sh
	@scripts/pgbouncer.sh
	@$(WITH_NODE) $(BIN)/pytest -n 2 --dist worksteal $(ARGS)

test-web: $(RUN) $(MODULES) ## Run the page's unit tests
	@$(NPM) test

check: lint test ## Check format, lint, import contracts, types, and run all tests

lint: $(DEV) $(MODULES) ## Check format, lint, import contracts and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/shellcheck --external-sources scripts/*.sh .ci/run
	$(BIN)/hadolint Dockerfile
	scripts/manifests.sh
	$(MKDOCS) --quiet
	scripts/rules.sh
	$(BIN)/python -m scripts.licences --check
	$(NPM) run lint
	$(NPM) run types

bench: $(DEV) $(PAGE) ## Measure against bare programs and print the ratios
	@$(BIN)/python -m benchmarks $(ARGS)

drill: $(DEV) ## Break parts of a whole installation under load by a plan, and audit what is left
	@exec $(BIN)/python -m tests.drill $(ARGS)

fuzz: $(DEV) $(PAGE) ## Try every parser with hostile inputs, then the property tests with 60 times as many examples
	@$(BIN)/python -m tests.fuzz $(ARGS)

screenshots: $(DEV) $(PAGE) ## Write pictures of the page into screenshots/
	@scripts/chromium.sh
	@$(WITH_NODE) $(BIN)/python -m tests.browser.screenshots $(ARGS)

docs: $(RUN) ## Write the pages on channels, permissions and metrics, and the dashboard, from the code
	@$(BIN)/python -m scripts.channel_docs
	@$(BIN)/python -m scripts.permission_docs
	@$(BIN)/python -m scripts.metric_docs
	@$(BIN)/python -m scripts.dashboard

site: $(DEV) ## Build the pages of docs/ as a site, in build/site; a link that leads nowhere ends it
	@$(MKDOCS)

web: $(PAGE) ## Build the page

lock: $(RUN) ## Resolve all requirements anew
	scripts/lock.sh

licences: $(DEV) ## Note the licence of every locked package; one that is not on the list ends it
	@$(BIN)/python -m scripts.licences

sbom: $(RUN) ## Write the bill of materials (CycloneDX) to build/sbom.cdx.json
	@mkdir -p build
	@$(BIN)/python -m scripts.sbom >build/sbom.cdx.json

audit: $(RUN) ## Ask for known vulnerabilities of every locked package; one of them ends it, and no answer too
	@$(BIN)/python -m scripts.advisories $(ARGS)

clean: ## Remove what was made here, but no data
	rm -rf .venv web/node_modules gateway/assets build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(RUN): requirements/run.txt $(LOCKED)
	@if [ -e $(DEV) ]; then $(MAKE) --no-print-directory $(DEV); else scripts/python.sh run; fi
	@touch $@

$(DEV): requirements/dev.txt requirements/run.txt $(LOCKED)
	@scripts/python.sh dev
	@touch $@ $(RUN)

$(MODULES): web/package.json web/package-lock.json | $(RUN)
	@source scripts/say.sh; say "Installing the page's packages"
	@$(NPM) ci --no-audit --no-fund --loglevel error
	@touch $@

$(PAGE): $(WEB_SOURCES) | $(MODULES)
	@source scripts/say.sh; say "Building the page"
	@$(NPM) run --silent build >&2
	@touch $@
