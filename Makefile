# labkit: every target does its own set-up in .venv, and nothing twice.
PYTHON ?= python3
EXTRAS ?=
BIN := .venv/bin
BUDGET ?= 4
REPORT ?= results/report.html
STAGES ?= main_colors crop_boxes augment ocr_preprocess decode cumulative_sum
WORKLOADS ?= logo*,few,512,million
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode
# labkit, whose extensions are not built yet: make setup builds them where it can say so, and again when they are old
LATER := LABKIT_EXTENSIONS=later
LABKIT := --constraint requirements.lock --editable
install = [ -x $(BIN)/uv ] && $(LATER) $(UV) $(LABKIT) '$(1)' || $(LATER) $(PIP) $(LABKIT) '$(1)'
PYTEST = LABKIT_EXTRAS=$(EXTRAS) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup bench report lab test crowded data simulation gauntlet lock clean

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/ready  ## set up .venv and build what is compiled, as far as it has changed; every target does it by itself
	@$(BIN)/python setup.py --quiet build_ext --inplace >/dev/null

bench: setup data  ## measure six stages in about 3 minutes, print each table when done, store a run under results/; STAGES= names others
	@$(BIN)/labkit bench $(STAGES) --workloads '$(WORKLOADS)' --budget $(BUDGET)

report: setup data  ## bench, then results/report.html, one file for the team; REPORT= names another, .md and .pdf too
	@$(BIN)/labkit bench $(STAGES) --workloads '$(WORKLOADS)' --budget $(BUDGET) || [ $$? -eq 1 ]  # 1: a variant differs, which is reported
	@$(BIN)/labkit report last --to '$(REPORT)'

lab: setup data  ## open JupyterLab on notebooks/
	@$(BIN)/labkit lab

test: .venv/test$(if $(EXTRAS),-$(EXTRAS)) $(if $(filter all,$(EXTRAS)),.venv/pillow) setup data  ## lint, types, tests and notebooks; EXTRAS=all installs torch too and then skips nothing
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet . && $(BIN)/mypy
	@$(PYTEST)

crowded: .venv/test$(if $(EXTRAS),-$(EXTRAS)) setup data  ## the tests three times in a row beside two busy processes, as on a machine that others use
	@for n in 1 2; do (while :; do :; done) & busy="$$busy $$!"; done; trap 'kill $$busy' EXIT; \
	  for n in 1 2 3; do $(PYTEST) || exit 1; done

data: data/.ready

data/.ready: .venv/ready
	@echo "labkit: makes its input files" >&2
	@$(BIN)/python -m labkit.prepare && touch $@

simulation: .venv/test setup  ## simulate 10,000 comparisons of each kind and print how often the intervals are right
	@$(BIN)/python -m tests.statistics.simulation

gauntlet: .venv/test-gauntlet setup  ## labkit beside eight other harnesses where the truth is known (an hour; WHOLE=1 for all of it)
	@$(BIN)/python -m tests.gauntlet $(if $(WHOLE),--whole)

lock: .venv/ready  ## refresh requirements.lock, the tested versions
	@$(BIN)/python -m pip install --quiet pip-tools
	@echo 'torch==2.13.0' > .venv/pins.txt
	@CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --extra gauntlet --extra gpu --extra ocr --extra peers --extra ray --extra test --strip-extras \
	  --no-annotate --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint .venv/pins.txt \
	  --output-file requirements.lock pyproject.toml
	@sed -i 's/+cpu$$//' requirements.lock

clean:  ## take away .venv, what was built, and generated data
	@rm -rf .venv build labkit.egg-info data/.ready data/*.png data/*.jpg .mypy_cache .ruff_cache .pytest_cache
	@find labkit -name '*.so' -delete

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null || \
	  { echo "labkit needs Python 3.11 to 3.13 as $(PYTHON); name another with: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "labkit: makes .venv (once)" >&2
	@$(PYTHON) -m venv .venv || { echo "labkit needs Python's venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PIP) uv || echo "labkit: uv can't be had: pip installs, which takes some minutes" >&2
	@touch $@

.venv/ready: .venv/python pyproject.toml requirements.lock
	@echo "labkit: installs what it needs" >&2
	@$(call install,.)
	@touch $@

.venv/test: .venv/ready
	@echo "labkit: installs what its tests need" >&2
	@$(call install,.[test])
	@touch $@

.venv/pillow: .venv/test requirements.lock # the test pictures in the source package of the tested version
	@echo "labkit: fetches Pillow's test pictures" >&2
	@rm -rf $@ $@.part && mkdir $@.part
	@version=$$(grep ^pillow== requirements.lock) && name=$$(echo $$version | sed s/==/-/) && \
	  $(BIN)/python -m pip download -qq --disable-pip-version-check --no-deps --no-binary pillow --dest $@.part $$version && \
	  tar -xzf $@.part/$$name.tar.gz -C $@.part --strip-components 1 $$name/Tests/images && rm $@.part/$$name.tar.gz && mv $@.part $@

.venv/test-%: .venv/test # by pip: of torch uv might take the build for another kind of machine, which is twenty times as large
	@echo "labkit: installs the extra $*" >&2
	@$(LATER) $(PIP) $(LABKIT) '.[test,$*]'
	@touch $@
