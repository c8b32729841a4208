# make demo | make test | make lint | make test-slow | make lab | make notebooks; each sets up .venv first
PYTHON ?= python3
MODEL  ?= local
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# uv installs in a fraction of the time; where it cannot be had, pip does
UV     := $(PIP) uv 2>/dev/null && $(BIN)/uv pip install --quiet --python $(BIN)/python

# Tests start hundreds of processes, which take a second longer each where no compiled modules are kept
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo lint test test-slow lab notebooks clean

demo: .venv/demo
	@$(BIN)/python tools/demo.py $(MODEL)

# what ruff and mypy say; pyproject.toml configures them
lint: .venv/dev
	$(BIN)/ruff check nbs tests tools benchmarks
	$(BIN)/ruff format --check nbs tools benchmarks
	$(BIN)/mypy

test: lint
	$(BIN)/python tools/in_sync.py
	$(BIN)/nbdev-test --skip-folder-re tutorials
	$(BIN)/python tools/chromium.py
	@$(TESTS)

# Tests mostly wait, for a browser, a server or a killed process, so three groups run at the same time; two of them report when
# they are done, and the third one as it goes. More threads each would only wait for one another
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -rs
define TESTS
said=$$(mktemp -d); \
$(PYTEST) -m 'browser and not slow' > $$said/browser 2>&1 & browser=$$!; \
$(PYTEST) -m 'not browser and not slow' tests/engine tests/cache > $$said/engine 2>&1 & engine=$$!; \
trap "kill $$browser $$engine; rm -rf $$said; exit 130" INT TERM; \
$(PYTEST) -m 'not browser and not slow' --ignore=tests/engine --ignore=tests/cache; failed=$$?; \
for group in $$engine $$browser; do wait $$group || failed=1; done; \
cat $$said/engine $$said/browser; rm -rf $$said; exit $$failed
endef

# what takes long: the widgets with Colab's versions, in a venv of their own
test-slow: .venv/dev
	$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest -q -rs -m slow

lab: .venv/dev
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) nbs/tutorials/quickstart.ipynb

# after editing notebooks: export, run them and keep their outputs, write README.md and docs/
notebooks: .venv/dev
	$(BIN)/nbdev-export
	$(BIN)/nbdev-test --skip-folder-re tutorials --save
	$(BIN)/nbdev-clean
	$(BIN)/python tools/readme.py

.venv/demo: settings.ini setup.py pyproject.toml
	@echo "Setting up .venv ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(UV) -e '.[local,tutorial,train]' || $(PIP) -e '.[local,tutorial,train]'
	@touch $@

.venv/dev: .venv/demo
	@echo "Adding what tests need ..."
	@$(UV) -e '.[local,tutorial,train,dev]' || $(PIP) -e '.[local,tutorial,train,dev]'
	@touch $@

clean:
	rm -rf .venv .venv-colab build dist *.egg-info demo.csv demo.ipynb demo-classifier
