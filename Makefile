# Two commands on a fresh Debian machine: `make demo` and `make test`. Both set up what they need, in .venv.
SHELL := /bin/bash
PYTHON ?= python3
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
VENV := .venv
MIEN := $(VENV)/bin/mien

.PHONY: docs package release-check help demo test check app test-app app-ready apk test-apk show-apk benchmark benchmark-side-by-side trust mutants tables clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.core ## recognise the faces in examples/ with the shipped models
	$(MIEN) predict examples --annotate out/demo --map
	@echo "Annotated pictures: $(CURDIR)/out/demo"

test: $(VENV)/.dev check ## all tests; those on FER2013 run where MIEN_DATA names the data set
	@command -v ffprobe >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy ffmpeg; } # its times judge ours
	$(VENV)/bin/python -m pytest

check: $(VENV)/.dev ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	@! [ -x $(VENV)/bin/hadolint ] || $(VENV)/bin/hadolint Dockerfile

app: $(VENV)/.core web/node_modules/.package-lock.json ## build the app for the browser, start and open it
	cd web && npm run --silent build
	$(MIEN) app

# The tests that need no training framework; Python 3.13 has no NumPy as old as the oldest that is allowed.
RECOGNITION := $(addprefix tests/test_,cropping.py detection.py golden_outputs.py pictures.py pyramid.py predict.py \
	video.py video_tracking.py)
OLDEST := .venv-oldest

test-oldest: ## recognition's tests on the oldest versions that pyproject.toml allows
	$(MAKE) --no-print-directory .oldest EXTRAS=cpu,video
	PYTHONPATH=src $(OLDEST)/bin/python -m pytest -q $(RECOGNITION)

test-oldest-train: ## all tests on the oldest versions, the training framework's too (about 5 GB)
	$(MAKE) --no-print-directory .oldest EXTRAS=cpu,video,train
	PYTHONPATH=src $(OLDEST)/bin/python -m pytest -q

.PHONY: test-oldest test-oldest-train .oldest
.oldest: | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv
	$(VENV)/bin/uv venv --quiet --clear --python '>=3.11,<3.13' $(OLDEST)
	$(VENV)/bin/uv pip install --quiet --python $(OLDEST) --resolution lowest-direct --editable '.[$(EXTRAS)]' \
		'pytest>=8' 'hypothesis>=6.100' 'opencv-python-headless>=4.10'

test-app: app-ready ## the app's tests, in real Chromium too
	$(VENV)/bin/python -m pytest tests/web

app-ready: $(VENV)/.dev web/node_modules/.package-lock.json # built and its arithmetic tested; `make test` then takes its other tests along
	@command -v chromium >/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy chromium; } || \
		echo "Chromium cannot be installed here: the tests in it are skipped."
	$(VENV)/bin/pip install --quiet --disable-pip-version-check 'playwright>=1.49'
	cd web && npm run --silent build && npm run --silent build:package && npm test

package: web/node_modules/.package-lock.json ## build the npm package, web/package/dist, and say its size
	cd web && npm run --silent build:package

apk: web/node_modules/.package-lock.json .android-tools ## build the Android app: out/mien.apk, and out/mien.aab for a store
	cd web && npm run --silent build:static
	$(PYTHON) android/build.py

test-apk: apk ## the Android app's tests: its shell, and its inference against Python's answers
	rm -rf out/android-apk && $(PYTHON) -m zipfile -e out/mien-unsigned.apk out/android-apk
	cd android && mvn -B -q test

show-apk: ## what a store reads of the built Android app: signatures, alignment, manifest, sizes, the same bytes again
	$(PYTHON) android/show.py

# An installed Android SDK (ANDROID_HOME) or Debian's tools; Java and Maven in both cases.
.PHONY: .android-tools
.android-tools:
	@command -v mvn >/dev/null && command -v javac >/dev/null && \
		{ [ -n "$$ANDROID_HOME" ] || { command -v apksigner && command -v zipalign; } >/dev/null; } || \
		{ $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy --no-install-recommends \
		apksigner zipalign maven openjdk-17-jdk-headless; }

benchmark: $(VENV)/.dev ## speed and memory, beside peers
	$(VENV)/bin/python benchmarks/recognition.py

benchmark-side-by-side: $(VENV)/.dev ## pictures side by side, beside an earlier commit (BEFORE)
	$(VENV)/bin/python benchmarks/side_by_side.py $(or $(BEFORE),$(error say what to compare with: make $@ BEFORE=COMMIT))

trust: $(VENV)/.dev ## judge the shipped models anew (MIEN_DATA names the data set; RUNS: runs' folders for Grad-CAM)
	@[ -n "$$MIEN_DATA" ] || { echo "Say where FER2013 is: make trust MIEN_DATA=folder"; exit 1; }
	$(MIEN) evaluate --robust --faithful
	$(if $(RUNS),$(MIEN) evaluate --faithful $(RUNS))
	$(VENV)/bin/python benchmarks/corruption_sheet.py
	$(VENV)/bin/python benchmarks/tables.py

mutants: $(VENV)/.dev web/node_modules/.package-lock.json ## how many small faults in the code the tests notice (MODULE: one package or file; SAMPLE: so many a file)
	$(VENV)/bin/python benchmarks/mutants.py $(MODULE) $(if $(SAMPLE),--sample $(SAMPLE))

docs: $(VENV)/.docs ## build the documentation site, out/site/html: all links checked, a warning ends it
	$(VENV)/bin/python site/build.py

release-check: app-ready ## build wheel and source distribution, list them, install and use them on each Python at hand
	$(VENV)/bin/pip install --quiet --disable-pip-version-check uv build twine
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/python tools/release_check.py

tables: $(VENV)/.dev ## write every table of README, docs, card and report anew from results/
	$(VENV)/bin/python benchmarks/tables.py

clean: ## remove what the commands made
	rm -rf $(VENV) $(OLDEST) out build dist web/node_modules web/dist web/package/dist web/package/types src/mien/server/app

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-fund --no-audit

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: pyproject.toml | $(VENV)/bin/python
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[cpu]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing the training framework and the test tools (about 5 GB, a few minutes) ..."
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[train,dev]'
	@# Its Grad-CAM judges ours; without what it asks for, which would put a second OpenCV over the headless one.
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps 'grad-cam>=1.5' ttach tqdm
	@touch $@ $(VENV)/.core

$(VENV)/.docs: pyproject.toml | $(VENV)/.dev
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@
