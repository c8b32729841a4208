"What is installed"

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import pytest

import syngen_nb

ROOT = Path(__file__).parents[2]
SDKS = 'openai anthropic xllamacpp llama_cpp genai_prices huggingface_hub IPython ipywidgets anywidget itables tqdm filelock json_repair httpx2'.split()


def settings():
    c = configparser.ConfigParser(delimiters=['='])
    c.read(ROOT / 'settings.ini', encoding='utf-8')
    return c['DEFAULT']


def run(*cmd, **kw):
    r = subprocess.run([str(o) for o in cmd], **dict(capture_output=True, text=True, timeout=300) | kw)
    assert r.returncode == 0, (r.stdout + r.stderr)[-3000:]
    return r.stdout


def test_import_is_light(tmp_path):
    "`import syngen_nb` loads no SDK and no widget, starts no thread, writes no file and prints nothing"
    code = f'import sys, threading, syngen_nb, os; print([o for o in {SDKS} if o in sys.modules], threading.active_count(), os.listdir("."))'
    home = tmp_path / 'home'
    assert (
        run(sys.executable, '-c', code, cwd=tmp_path, env=os.environ | dict(HOME=str(home), XDG_CACHE_HOME=str(home)))
        == '[] 1 []\n'
        and not home.exists()
    )


def test_version():
    "One version everywhere"
    assert settings()['version'] == syngen_nb.__version__


def test_public_face():
    "All the names of the design that exist by now can be had from the top, and each says what it is"
    for (
        o
    ) in 'Task Label Plan Cache Taxonomy Model Prompts get_model grow agrow generate agenerate start estimate'.split():
        assert getattr(syngen_nb, o).__doc__


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    "An sdist, and the wheel that is built from nothing but it"
    out = tmp_path_factory.mktemp('built')
    run(sys.executable, '-m', 'build', '--sdist', '-o', out, ROOT)
    (sdist,) = out.glob('*.tar.gz')
    with tarfile.open(sdist) as t:
        t.extractall(out / 'src', filter='data')
    (src,) = (out / 'src').iterdir()
    run(sys.executable, '-m', 'build', '--wheel', '-o', out, src)
    return sdist, next(out.glob('*.whl'))


def test_wheel_holds_everything(built):
    "Every module, static file and recording is in the wheel, byte for byte, with metadata of settings.ini, and nothing from outside the package"
    here = {
        p.relative_to(ROOT).as_posix(): p.read_bytes()
        for p in (ROOT / 'syngen_nb').rglob('*')
        if p.is_file() and '__pycache__' not in p.parts and not p.name.startswith('.')
    }
    assert 'syngen_nb/generate.py' in here and any(o.startswith('syngen_nb/static/') for o in here)
    with zipfile.ZipFile(built[1]) as z:
        inside = {o: z.read(o) for o in z.namelist() if '.dist-info/' not in o}
        assert inside == here
        meta = z.read(next(o for o in z.namelist() if o.endswith('METADATA'))).decode()
    c = settings()
    for line in (
        'Name: syngen-nb',
        f'Version: {c["version"]}',
        'License',
        'Provides-Extra: local',
        'Provides-Extra: dev',
    ):
        assert line in meta
    need = re.findall(r'^Requires-Dist: (.*)$', meta, re.M)
    for o in c['requirements'].split('\n'):
        assert o.strip().replace(' ', '') in [n.replace(' ', '') for n in need], o
    assert not [n for n in need if 'xllamacpp' in n and 'local' not in n]


def fresh_venv(folder, wheel):
    "Python of a new venv with `wheel` and its requirements; uv makes it in a fraction of the time"
    python = folder / ('Scripts' if os.name == 'nt' else 'bin') / 'python'
    uv = shutil.which('uv', path=os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]))
    if uv:
        run(uv, 'venv', '-q', '-p', sys.executable, folder)
        run(uv, 'pip', 'install', '-q', '-p', python, wheel)
    else:
        run(sys.executable, '-m', 'venv', folder)
        run(python, '-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check', wheel)
    return python


def test_installed_wheel_runs(built, tmp_path):
    "In a fresh venv with the plain requirements, from another folder: a model of one's own in ten lines, its recording replayed, a tree shown"
    py = fresh_venv(tmp_path / 'v', built[1])
    (tmp_path / 'else').mkdir()
    (tmp_path / 'else' / 'go.py').write_text(
        textwrap.dedent("""
        import json, random, syngen_nb
        from syngen_nb import Cache, Model, Taxonomy, Task, generate, get_model, grow
        class Own(Model):
            name = 'own/ten-lines'
            async def ask(self, req):
                arr = req.schema['properties']['items']
                key, = arr['items']['properties']
                return json.dumps(dict(items=[{key: f'Number {random.random()} of them'} for _ in range(arr['maxItems'])]))
        task = Task('Sort notes', ['Sea', 'Land', 'Air'])
        df = generate(task, 31, model=Own(), cache='c.sqlite')
        Cache('c.sqlite').export('lesson.jsonl')
        class Silent(Own):
            async def ask(self, req): raise AssertionError
        again = generate(task, 31, model=Silent(), cache=Cache.replay('lesson.jsonl'))
        tax = grow(task, 2, 2, 2, model=Own(), cache='c.sqlite')
        assert again.equals(df) and '<details' in tax._repr_html_() and '<style>' in tax._repr_html_() and len(tax._repr_html_().split('</style>')[0]) > 50
        from importlib.resources import files
        from pathlib import Path
        for o in (files('syngen_nb')/'recordings').iterdir() if (files('syngen_nb')/'recordings').is_dir() else (): assert len(Cache.replay(Path(o.name).stem)) > 0
        for name in ('openai/x', 'anthropic/x'):
            m = get_model(name, base_url='http://127.0.0.1:9/v1', api_key='k', retries=0)
            try: generate(task, 9, model=m, cache=':memory:', progress=False)
            except Exception as e: assert 'cannot be reached' in str(e), e
            else: raise AssertionError(name)
        print(len(df), syngen_nb.__file__)
    """)
    )
    out = run(py, 'go.py', cwd=tmp_path / 'else', env={k: v for k, v in os.environ.items() if k != 'PYTHONPATH'})
    n, where = out.split()
    assert n == '31' and str(tmp_path / 'v') in where
