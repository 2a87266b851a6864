# The two commands: `make run` and `make test`. Both set up all they need, once, into .venv.

# Tried in this order; the first that is 3.11 or newer makes .venv. Name another: make PYTHON=/path/to/python3 test
PYTHON ?= python3.13 python3.12 python3.11 python3
TICKER ?=
ARGS ?=
# Half of the time a test waits for a socket, a clock or a database, so there is work for one more than the cores.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --constraint constraints.txt

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test tests lint format bench pins clean
# Settings of other projects that would leak into .venv. Without compiled files each start takes half as long again.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX PYTHONDONTWRITEBYTECODE

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' Makefile

run: $(VENV)/.run ## Ask the committee: a bundled sample ticker, or TICKER=NVDA at live prices
	@$(PY) -m bot run $(or $(TICKER),GOOG --sample) $(ARGS)

# Tests write many small databases, and each commit waits for the disk: where memory can hold them, it does.
tests: export PYTEST_DEBUG_TEMPROOT := $(or $(PYTEST_DEBUG_TEMPROOT),$(shell \
  test -w /dev/shm && test "$$(df -Pk /dev/shm | awk 'END {print $$4}')" -gt 2000000 && echo /dev/shm || echo "$${TMPDIR:-/tmp}"))
test: lint tests ## Check everything: style, types, and all tests (ARGS="-k words" picks some)

tests: $(VENV)/.test
	@$(PY) -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal $(ARGS)

lint: $(VENV)/.test ## Check style and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy --strict core bot

format: $(VENV)/.test ## Mend style where that is possible
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(VENV)/.test ## Measure, and print each figure beside what it is compared with
	@set -e; for file in benchmarks/[a-z]*.py; do \
	  name=$$(basename "$$file" .py); echo "== $$name"; $(PY) -m "benchmarks.$$name" $(ARGS); \
	done

pins: ## Write constraints.txt anew: the newest libraries that pyproject.toml allows
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	$(MAKE) --no-print-directory VENV="$$folder/venv" "$$folder/venv/bin/python"; \
	"$$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check hatchling editables; \
	"$$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-build-isolation -e '.[dev]'; \
	{ grep '^#' constraints.txt; "$$folder/venv/bin/python" -m pip freeze --exclude-editable; } > "$$folder/pins"; \
	cp "$$folder/pins" constraints.txt; echo "constraints.txt is new; run make test before keeping it."

clean: ## Remove .venv and caches; databases, archives and config.toml stay
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	@find bot core tests migrations benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The build backend is pinned like all else, so the package is built with it and not in an isolated, unpinned place.
$(VENV)/.run: pyproject.toml constraints.txt | $(PY)
	@echo "Installing what Conclave needs into $(VENV) (once) ..." >&2
	@$(PIP) hatchling editables
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "Installing what its tests need (once) ..." >&2
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

$(PY):
	@set -e; found=; seen=; \
	for python in $(PYTHON); do \
	  version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
	  seen="$$seen $$python is $$version;"; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
	  seen="$$seen it lacks venv (on Debian: apt install python3-venv);"; \
	  "$$python" -c 'import venv, ensurepip' 2>/dev/null || continue; \
	  found=$$python; break; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Conclave needs Python 3.11 or newer with venv. Tried $(PYTHON):$${seen:- none is here;}" >&2; \
	  echo "install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$("$$found" --version) ..." >&2; \
	"$$found" -m venv --clear $(VENV)
