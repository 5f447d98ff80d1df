# Needs Python >= 3.11 and make, nothing else. Everything is installed into $(VENV), here.

VENV ?= .venv
BIN := $(VENV)/bin
# The interpreters tried, in this order; `make PYTHON=/path/to/python run` names one.
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11)

# uv reads its own variable for local wheels, not pip's.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test test-long lint format clean

help:
	@echo "make run        set up what the simulator needs, then relax argon to equilibrium"
	@echo "make test       set up everything, then check the style and run all tests but the long ones"
	@echo "make test-long  the long physics tests"
	@echo "make lint       check the style only;  make format mends it"
	@echo "make clean      remove $(VENV), builds and caches (results in runs/ stay)"

run: $(VENV)/.core
	@echo "Running scenarios/gas/relaxation.toml into runs/relaxation"
	@$(BIN)/dsmc run scenarios/gas/relaxation.toml -o runs/relaxation --overwrite

# A process for each core: most tests keep one core busy, and libraries need no threads beside them.
# A file stays in one process.
test: lint
	@echo "Running the tests (not the long ones)"
	@OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile -m "not long"

test-long: $(VENV)/.test
	@echo "Running the long physics tests"
	@$(BIN)/python -m pytest -q -m long

lint: $(VENV)/.test
	@echo "Checking the style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an installation is repeated only when pyproject.toml or constraints.txt changed.

$(VENV)/.created:
	@for python in $(PYTHONS); do \
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
	      >/dev/null 2>&1; then \
	    echo "Creating $(VENV) with $$($$python --version)"; \
	    $$python -m venv --clear $(VENV) && touch $@; exit; \
	  fi; \
	done; \
	echo "Python 3.11 or newer with venv is needed; tried: $(PYTHONS)." >&2; \
	echo "Install one (Debian, Ubuntu: apt install python3 python3-venv)," >&2; \
	echo "or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; \
	exit 1

$(VENV)/.core: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "Installing the simulator and its libraries into $(VENV) (no torch)"
	@$(call install,.)
	@touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.created
	@echo "Installing the simulator, its libraries and the test tools into $(VENV)"
	@$(call install,.[all])
	@touch $@ $(VENV)/.core

# $(call install,REQUIREMENT): with uv, which is quick; with pip where uv fails.
define install
$(BIN)/python -m pip install --quiet -c constraints.txt uv && \
$(BIN)/python -m uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '$(1)' || \
{ echo "uv did not succeed; installing with pip, which takes a few minutes"; \
  $(BIN)/python -m pip install --quiet -c constraints.txt -e '$(1)'; }
endef
