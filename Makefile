# Havn. Two commands are all a newcomer needs: `make demo` and `make test`.
# Works from any folder (make -C path/to/havn demo); needs python3, make and a network.

# An inherited choice of Python or environment would overrule .python-version.
unexport PYENV_VERSION VIRTUAL_ENV
ROOT := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
PYTHON := $(ROOT)/.venv/bin/python
PORT ?= 8000
SIZE ?= full
ONLY ?=

.PHONY: help demo demo-reset test bench setup setup-dev lint format messages

help:  ## What there is
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(ROOT)/Makefile

demo: setup  ## A demo company with a year of history, on http://localhost:8000/ (or PORT=...)
	@PORT=$(PORT) sh $(ROOT)/scripts/demo.sh

demo-reset: setup  ## As demo, but starting over
	@PORT=$(PORT) sh $(ROOT)/scripts/demo.sh --reset

test: setup-dev  ## Everything that must be true, on SQLite, PostgreSQL and in Chromium
	@sh $(ROOT)/scripts/test.sh

bench: setup-dev  ## What it costs next to plain Django and SQL by hand (SIZE=quick to try it, ONLY=W6,W7 for a part), on databases of its own
	@cd $(ROOT) && $(PYTHON) -m benchmarks.run --size $(SIZE) --only "$(ONLY)"

setup:
	@sh $(ROOT)/scripts/setup.sh base

setup-dev:
	@sh $(ROOT)/scripts/setup.sh dev

lint: setup-dev  ## Only the checks that read the source
	@sh $(ROOT)/scripts/test.sh lint

format: setup-dev  ## Format the Python source
	@cd $(ROOT) && .venv/bin/ruff check --fix-only -q . && .venv/bin/ruff format -q .

messages: setup-dev  ## Bring the Danish catalogue up to date with the source
	@cd $(ROOT) && $(PYTHON) scripts/messages.py update
