# Thin: every line here also stands in the README.

PYTHON ?= python3
BIN := .venv/bin
# pip that may reuse, under hash checking, the wheels it once built from source needs 23.1; older ones take this step up.
PIP_PIN := pip==26.3 --hash=sha256:f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13
UV_VERSION := 0.13.9
ESBUILD_VERSION := 0.28.2

.PHONY: serve test check mutations widget lock clean
.DELETE_ON_ERROR:

serve: .venv/.done
	$(BIN)/support-bot serve

test: .venv/.done
	$(BIN)/support-bot models pull --for-tests
	$(BIN)/pytest tests --ignore=tests/e2e --numprocesses logical --maxprocesses 2 --dist loadfile

check: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/rules

mutations: .venv/.done
	$(BIN)/python -m tests.mutations.run

# What browsers load, made anew from ui/widget/; needs Node and npm.
widget:
	npm install --silent --no-save --no-audit --no-fund --prefix build/widget esbuild@$(ESBUILD_VERSION)
	NODE_PATH=build/widget/node_modules node ui/widget/build.cjs

# The stamp is written last: an interrupted build starts again.
.venv/.done: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; '$(PYTHON)' is older or missing. Try: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@{ command -v cc && command -v c++; } >/dev/null || \
	  { echo "A C and C++ compiler is needed to build llama.cpp. On Debian and Ubuntu: apt-get install build-essential" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import pip, sys; sys.exit(tuple(map(int, pip.__version__.split(".")[:2])) < (23, 1))' || \
	  { echo "$(PIP_PIN)" > .venv/pip.txt && $(BIN)/pip install --require-hashes -r .venv/pip.txt; }
	$(BIN)/pip install --require-hashes -r requirements.lock
	$(BIN)/pip install --no-deps --no-build-isolation -e .
	@touch $@

lock:
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv==$(UV_VERSION)
	.venv-lock/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-config --custom-compile-command "make lock" --output-file requirements.lock
	rm -rf .venv-lock

clean:
	rm -rf .venv .venv-lock .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
