# make demo | make test | make lint | make test-slow | make lab | make notebooks; each sets up .venv first
PYTHON ?= python3
MODEL  ?= local
BIN    := .venv/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet install
# uv installs in a fraction of the time; where it cannot be had, pip does
UV     := $(PIP) uv 2>/dev/null && $(BIN)/uv pip install --quiet --python $(BIN)/python

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

# Tests in a browser mostly wait, so they run at the same time as the others; what they say comes last
define TESTS
said=$$(mktemp); $(BIN)/python -m pytest -q -rs -m 'browser and not slow' > $$said 2>&1 & \
trap "kill $$!; rm -f $$said; exit 130" INT TERM; browser=$$!; \
$(BIN)/python -m pytest -q -rs -m 'not browser and not slow'; others=$$?; \
wait $$browser; browser=$$?; cat $$said; rm -f $$said; exit $$((others + browser))
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
