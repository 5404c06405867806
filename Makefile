# Two commands do everything: `make demo` and `make test`. Both use .venv, which they make.
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/pip --disable-pip-version-check
# llama-cpp-python is built from source (minutes, once; pip keeps the wheel). Without the image
# part it builds in less time.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF
DEV = $$($(VENV)/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['dependency-groups']['dev'])")

.PHONY: demo test check wheel unsloth clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   set up .venv and run the whole line once, from tax law to an answer"
	@echo "make test   set up .venv and run the tests"
	@echo "make check  lint, types, import contract"
	@echo "make clean  delete .venv (work/ is kept)"

# torch first and alone: so pip takes a CPU build of this version where one is offered.
$(VENV)/installed: pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11, 4) and 'taxqa needs Python 3.11.4 or later; name one: make PYTHON=python3.12 ...')"
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip
	$(PIP) install torch==2.13.0
	$(PIP) install --editable '.[demo]'
	touch $@

$(VENV)/developed: $(VENV)/installed
	$(PIP) install --editable '.[demo,datagen,review,scale]' $(DEV)
	touch $@

demo: $(VENV)/installed
	$(VENV)/bin/taxqa demo

test: $(VENV)/developed
	$(VENV)/bin/python -m pytest

check: $(VENV)/developed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Unsloth trains on a CPU since 2026.10.9, but then asks for a certifi that indexes may lack:
# without its dependencies it runs beside what is installed already.
unsloth: $(VENV)/developed
	$(PIP) install --no-deps unsloth==2026.10.9 unsloth_zoo==2026.10.9

clean:
	rm -rf $(VENV)
