# Two commands matter: `make demo` and `make test`. Both set up what they need and can be repeated.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_NO_PROGRESS := 1

.PHONY: demo test check format bench redaction clean postgresql

demo: $(VENV)/.ready  ## Run the main job on an example transcript in a throw-away repository
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: $(VENV)/.ready check postgresql  ## Check and test everything
	$(BIN)/pytest -n 2

# The tests start a server of their own; only the programs are needed.
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	  $$root apt-get update -qq && \
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; }

check: $(VENV)/.ready  ## Lint, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready  ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.ready  ## Measure, and print ratios to a reference timed in the same run
	$(BIN)/python -m bench

redaction: $(VENV)/.ready  ## Recall and precision on the labelled corpus
	$(BIN)/python -m bench.redaction

# Debian keeps ensurepip in a package of its own; it is installed when it is missing.
$(VENV)/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	  root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	  $$root apt-get update -qq && $$root apt-get install -y -qq python3-venv; }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip --disable-pip-version-check install --quiet uv==$(UV_VERSION)
	@$(BIN)/uv sync --quiet --locked --inexact
	@touch $@

clean:  ## Remove everything the commands above made
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
