# Every target sets up what it needs in .venv; nothing but Python 3.11 or later has to be there.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
DEV := $(VENV)/dev-ready

.PHONY: report test test-real test-fixes test-onto test-browser check check-only format docs pictures image dist bench clean dev

report: $(READY)
	$(BIN)/layerscope report fixtures/notes-v1.tar.zst --dockerfile fixtures/notes/Dockerfile \
		--stage build1=fixtures/notes-build1.tar.zst

test: $(DEV)
	$(BIN)/python -m pytest -q -n auto

# Needs images that a real engine built (tests/README.md tells how); says what it skips, and why.
test-real: $(DEV)
	$(BIN)/python -m pytest -q -m real -rs -n auto

# Builds, patches and builds again (tests/README.md); needs root and a Docker engine, and says what it skips, and why.
# ONLY=NAME runs one scenario. What was measured goes to docs/fixes.md.
test-fixes: $(DEV)
	$(BIN)/python -m pytest -q -s -m fixes -rs tests/fixes; status=$$?; \
		$(BIN)/python -m tests.fixes.page && exit $$status

# Opens pages in the Chromium of this machine, without a window; says what it skips, and why.
# SCREENSHOTS=DIR also keeps what they look like.
test-browser: $(DEV)
	LAYERSCOPE_SCREENSHOTS=$(SCREENSHOTS) $(BIN)/python -m pytest -q -s -m browser -rs tests/browser

# The same for `report --onto`: images are built on another base and started. The table goes to docs/what-if.md.
test-onto: $(DEV)
	$(BIN)/python -m pytest -q -s -m fixes -rs tests/onto; status=$$?; \
		$(BIN)/python -m tests.onto.page && exit $$status

check: test check-only

# All of check but the tests, for where they have just run.
check-only: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	MYPYPATH=bench $(BIN)/mypy bench/*.py
	for platform in darwin win32; do \
		$(BIN)/mypy --platform $$platform --cache-dir .mypy_cache/$$platform -p layerscope || exit 1; done
	$(BIN)/python tests/smoke.py

format: $(DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(DEV)
	$(BIN)/python docs/rules_page.py
	$(BIN)/python docs/report_schema.py
	$(BIN)/python docs/manual.py
	$(BIN)/python docs/explore_page.py
	$(BIN)/python docs/refresh.py
	$(BIN)/python -m docs.fleet_page

# What the README shows of the report and of the terminal UI, which make docs draws, too, and of the page, which needs Chromium.
pictures: $(DEV)
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m docs.page_picture

# The tool as an image, and its own report. ENGINE is docker or podman; BUILD_ARGS may name other base images.
ENGINE ?= docker
image: $(READY)
	$(ENGINE) build --file Containerfile --tag layerscope $(BUILD_ARGS) .
	$(ENGINE) save layerscope | $(BIN)/layerscope report - --dockerfile Containerfile

# The files of a release in dist/, each tried in an environment of its own; takes a network and some minutes.
dist: $(DEV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "shiv>=1.0.8" "twine>=6.1"
	$(BIN)/python -m tests.dist

# All harnesses, TIME seconds each; atheris, which knows what its inputs reach, where there is one for this Python.
TIME ?= 60
fuzz: $(DEV)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: atheris
	$(BIN)/python -m tests.fuzz.run --seconds $(TIME)
	$(BIN)/python -m tests.fuzz.cuts --seed $$(date +%s)
	$(BIN)/python -m tests.fuzz.cuts --seed $$(date +%s) --verify

bench: $(DEV)
	$(BIN)/python bench/run.py --large --write

dev: $(DEV)

clean:
	rm -rf $(VENV) build dist layerscope/*/_*.so

$(VENV)/created:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(READY): $(VENV)/created pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(DEV): $(READY) requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	touch $@
