# Two commands do everything on a machine with Python >= 3.11, git and make:
#   make demo    make test
# Nothing is installed outside this folder and nothing keeps running.

SHELL := /bin/sh
# Three at a time also on two processors: most of a test is waiting for a server.
PYTEST := .venv/bin/python -m pytest --tb=short -n 3

# Nothing phones home, and no other Python's modules get in.
export DAGSTER_DISABLE_TELEMETRY := yes
export GX_ANALYTICS_ENABLED := False
unexport PYTHONPATH PYTHONHOME

.PHONY: help setup demo test test-quick lint format docs bench lock clean

help: ## Show this help
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Private Python environment and private MySQL (seconds; again: under one)
	@sh setup/environment.sh
	@sh setup/mysql.sh

demo: setup ## A good release and a bad one, on a private MySQL
	@bin/dbsync demo

test: setup lint ## Every gate and every test
	@$(PYTEST)

test-quick: setup ## The tests that take seconds
	@$(PYTEST) -m "not slow"

lint: setup ## Style, types and the import rule
	@.venv/bin/ruff check --quiet .
	@.venv/bin/ruff format --check --quiet .
	@sh setup/pyright.sh
	@.venv/bin/lint-imports --no-cache > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@echo "lint: ruff, pyright and the import rule pass"

format: setup ## Rewrite the code in house style
	@.venv/bin/ruff check --fix --quiet . && .venv/bin/ruff format --quiet .

docs: setup ## Rewrite the generated pages of docs/
	@PYTHONPATH=. .venv/bin/python -m dbsync_assets.cli.write_docs

bench: setup ## Figures against other tools, side by side; ARGS="backup --size 0.4 --rounds 1" for a short look
	@PYTHONPATH=. .venv/bin/python -m benchmarks.run $(ARGS)

lock: ## Newer versions into requirements/lock.txt
	@sh setup/lock.sh

clean: ## Remove everything that setup, demo and bench made
	rm -rf .venv .tools .demo .bench .dbsync
