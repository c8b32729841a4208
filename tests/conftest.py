"Fixtures. No test touches the user's own cache, and no key lies about"
import os, pytest
import syngen_nb.cache
from fake_server import serve
from helpers import TASK

@pytest.fixture(autouse=True)
def nowhere_near_the_user(tmp_path, monkeypatch):
    "The default cache of this process and of those it starts is in the test's folder; weights stay where they are"
    home = tmp_path/'home'
    monkeypatch.setattr(syngen_nb.cache, 'user_cache_path', lambda app: home/app)
    monkeypatch.setenv('XDG_CACHE_HOME', str(home))
    for k in list(os.environ):
        if k.startswith(('OPENAI_', 'ANTHROPIC_')): monkeypatch.delenv(k)

@pytest.fixture
def server():
    "A fake server without faults"
    with serve() as s: yield s

@pytest.fixture
def cache(tmp_path): return tmp_path/'c.sqlite'

@pytest.fixture
def task(): return TASK

@pytest.fixture(scope='session')
def small():
    "Weights of the small model, in the user's cache folder, where they stay"
    from syngen_nb.weights import fetch_weights
    return fetch_weights('local/small', quiet=True)
