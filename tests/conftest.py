"Fixtures. No test touches the user's own cache, and no key lies about"

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')  # Before numpy comes: more threads only wait for one another

from contextlib import ExitStack

import pytest
from fake_server import serve
from helpers import TASK
from lab import find_chrome, start_chrome, start_lab

import syngen_nb.cache


@pytest.fixture(autouse=True)
def nowhere_near_the_user(tmp_path, monkeypatch):
    "The default cache of this process and of those it starts is in the test's folder; weights stay where they are"
    home = tmp_path / 'home'
    syngen_nb.limits._limits.clear()  # A fake server may get the port of an earlier one, whose limit is not its own
    monkeypatch.setattr(syngen_nb.cache, 'user_cache_path', lambda app: home / app)
    monkeypatch.setenv('XDG_CACHE_HOME', str(home))
    for k in list(os.environ):
        if k.startswith(('OPENAI_', 'ANTHROPIC_')):
            monkeypatch.delenv(k)


@pytest.fixture
def server():
    "A fake server without faults"
    with serve() as s:
        yield s


@pytest.fixture
def cache(tmp_path):
    return tmp_path / 'c.sqlite'


@pytest.fixture
def task():
    return TASK


@pytest.fixture(scope='session')
def small():
    "Weights of the small model, in the user's cache folder, where they stay"
    from syngen_nb.model_files import fetch_model_file as fetch_weights

    return fetch_weights('local/small', quiet=True)


@pytest.fixture(scope='session')
def chrome():
    "Chromium; where there is none its tests are skipped, but never on CI"
    if not find_chrome():
        (pytest.fail if os.environ.get('CI') else pytest.skip)(
            'there is no Chromium, so no test in a browser was run; `make test` installs it where it can'
        )
    with start_chrome() as b:
        yield b


def link(home, weights):
    "Put a link to `weights` where a process with the cache folder `home` looks for them"
    (home / 'syngen_nb/weights').mkdir(parents=True)
    (home / 'syngen_nb/weights' / weights.name).symlink_to(weights)
    return home


@pytest.fixture(scope='session')
def home(tmp_path_factory, small):
    "A cache folder for kernels, with nothing in it but the weights of the small model"
    return link(tmp_path_factory.mktemp('home'), small)


@pytest.fixture
def own_home(tmp_path, small):
    "The cache folder of processes that this test starts, with nothing in it but the weights of the small model"
    return link(tmp_path / 'home', small)


@pytest.fixture(scope='session')
def lab(chrome, home, tmp_path_factory):
    "A JupyterLab in the environment of the tests"
    with start_lab(tmp_path_factory.mktemp('lab'), XDG_CACHE_HOME=home) as o:
        yield o


@pytest.fixture
def opening(chrome, tmp_path, request):
    "`opening(lab)` opens notebooks of cells in `lab`, one at a time. What went wrong in their pages fails the test, and a test that fails leaves a picture"
    opened = []
    with ExitStack() as stack:

        def at(lab, **how):
            def notebook(*cells, **kw):
                stack.close()
                opened.append(stack.enter_context(lab.open(chrome, *cells, **how, **kw)))
                return opened[-1]

            return notebook

        yield at
        errors = [e for o in opened for e in o.errors]
        if errors or getattr(request.node, 'failed', True):
            for o in opened[-1:]:
                o.page.screenshot(path=tmp_path / f'{o.path.stem}.png')
                o.shutdown()
                o.page.context.close()  # the next test shall have another
            print(f'A picture of the page is in {tmp_path}')
    assert not errors, '\n'.join(errors)


@pytest.fixture
def notebook(lab, opening):
    "`notebook('1+1', size=(800, 600))` opens a notebook of cells, in the page that the test before has left"
    return opening(lab, again=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == 'call':
        item.failed = report.failed
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark tests by what they need, so that `-m 'not browser and not weights'` leaves them out.

    Tests in a browser come last: Playwright leaves an event loop running in the thread of the tests, where others start their own."""
    for item in items:
        for fixture, mark in dict(chrome='browser', small='weights').items():
            if fixture in item.fixturenames:
                item.add_marker(mark)
    items.sort(key=lambda o: 'chrome' in o.fixturenames)
