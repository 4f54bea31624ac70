# `make demo`: the text-direction classifier from ONNX to compiled CUDA.
# `make test`: every check. Each sets up .venv by itself, once per pyproject.toml.

PYTHON ?= python3
BIN := .venv/bin
# A machine without a CUDA toolkit compiles with nvcc from its wheels.
CUDA_NVCC := /usr/local/cuda/bin/nvcc
NVCC_EXTRA := $(if $(shell command -v nvcc),,$(if $(wildcard $(CUDA_NVCC)),,,nvcc))

.PHONY: demo test clean

demo: .venv/demo-ready
	@$(BIN)/python examples/text_direction/demo.py

test: .venv/test-ready
	@echo "== ruff" && $(BIN)/ruff check --quiet . && $(BIN)/ruff format --check --quiet .
	@echo "== basedpyright" && $(BIN)/basedpyright
	@echo "== lit" && $(BIN)/lit -sv tests/filecheck
	@echo "== pytest" && $(BIN)/pytest -q -n 2 tests/unit

.venv/demo-ready: pyproject.toml | .venv/bin/python
	$(call install,demo)

.venv/test-ready: pyproject.toml | .venv/bin/python
	$(call install,dev)

.venv/bin/python:
	@echo "Creating .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "error: Python 3.11 or newer is needed (make PYTHON=...)")'
	@$(PYTHON) -m venv .venv

# $(1): the extra of pyproject.toml to install.
define install
	@echo "Installing boltir[$(1)$(NVCC_EXTRA)] into .venv: some minutes, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(1)$(NVCC_EXTRA)]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
		rapidocr-onnxruntime==1.4.4
	@touch $@
endef

clean:
	rm -rf .venv
