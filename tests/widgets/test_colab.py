"The widgets with Colab's versions, in JupyterLab 3.6. It stands in for Colab, in a venv that stays for the next time"

import os
import re
import shutil
import subprocess
import sys
import warnings
from hashlib import sha256
from pathlib import Path

import pytest
from lab import start_lab
from pages import brief, button, field, get, press, progress, row, rows, same_tree, show, until, until_equal

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VENV = ROOT / '.venv-colab'
# JupyterLab 3.6 asks for y-py, to edit together with others: it has no wheel for Python 3.13, and nothing here needs it
HAVE = [
    'ipywidgets==7.7.1',
    'ipykernel==6.17.1',
    'pandas==2.2.3',
    'anywidget==0.9.*',
    'jupyterlab==3.6.*',
    'jupyterlab_widgets==1.1.*',
]
NOT = 'y-py; python_version < "3.13"'


def python313():
    "A Python 3.13, as Colab has, or else the one that runs"
    pyenv = Path(os.environ.get('PYENV_ROOT', Path.home() / '.pyenv')) / 'versions'
    for p in filter(None, [shutil.which('python3.13'), *map(str, pyenv.glob('3.13*/bin/python'))]):
        if subprocess.run([p, '-c', ''], capture_output=True).returncode == 0:
            return p  # pyenv has commands for Pythons that it will not run
    warnings.warn(f'There is no Python 3.13 here: the stand-in for Colab runs {sys.version.split()[0]}', stacklevel=2)
    return sys.executable


@pytest.fixture(scope='session')
def colab_python():
    "Python of the venv; it is made anew when its requirements change"
    uv = shutil.which('uv', path=os.pathsep.join([str(Path(sys.executable).parent), os.environ['PATH']]))
    assert uv, 'needs uv, to leave out a requirement: pip install uv'
    base, py, stamp = python313(), VENV / ('Scripts' if os.name == 'nt' else 'bin') / 'python', VENV / 'stamp'
    want = sha256(repr((base, HAVE, NOT, (ROOT / 'settings.ini').read_text())).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != want:
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir()
        (VENV / 'not.txt').write_text(NOT)
        for cmd in (
            ['venv', '--allow-existing', '-p', base, VENV],
            ['pip', 'install', '-p', py, '--override', VENV / 'not.txt', *HAVE, '-e', f'{ROOT}[local]'],
        ):
            r = subprocess.run([uv, *map(str, cmd)], capture_output=True, text=True, timeout=900)
            assert not r.returncode, r.stderr[-3000:]
        stamp.write_text(want)
    return py


@pytest.fixture(scope='session')
def colab(chrome, colab_python, home, tmp_path_factory):
    "JupyterLab 3.6"
    with start_lab(tmp_path_factory.mktemp('colab'), python=colab_python, XDG_CACHE_HOME=home) as o:
        yield o


def test_versions(colab, opening):
    "It is what it should be"
    nb = opening(colab)()
    out = nb.run(
        'import sys, anywidget, ipykernel, ipywidgets, jupyterlab, pandas, syngen_nb; '
        'print(sys.prefix, *(o.__version__ for o in (ipywidgets, ipykernel, pandas, anywidget, jupyterlab)))'
    )
    assert re.fullmatch(rf'{re.escape(str(VENV))} 7\.7\.1 6\.17\.1 2\.2\.3 0\.9\.\d+ 3\.6\.\d+\n', out), out
    assert nb.page.evaluate('() => window.jupyterapp.version').startswith('3.6.')


def test_table(colab, opening):
    "The table that data is shown in"
    nb = opening(colab)(
        'import pandas as pd\nfrom itables.widget import ITable\n'
        "ITable(pd.DataFrame(dict(n=range(5), text=['some']*5)))"
    )
    nb.run_all()
    nb.page.locator('table.dataTable tbody tr').nth(4).wait_for()


@pytest.mark.parametrize('theme', ['JupyterLab Light', 'JupyterLab Dark'])
def test_studio(colab, opening, theme):
    "Type, grow, delete and undo, generate with the embedded model, copy as Python, reload"
    nb = show(opening(colab)("from syngen_nb import Studio\ns = Studio(model='local/small')\ns", theme=theme))
    table = nb.page.locator('table.dataTable tbody td:first-child')
    for k, v in dict(
        Instruction='Classify the sentiment of a movie review', Labels='negative, positive', Rows='8'
    ).items():
        field(nb, k).fill(v)
    press(nb, 'Grow')
    until(nb, lambda: button(nb, 'Generate').is_enabled())
    same_tree(nb, 's.taxonomy')
    grown = brief(rows(nb))
    assert [o['level'] for o in grown].count(4) == 8
    row(nb, grown[-1]['id']).click()
    press(nb, 'Delete')
    until_equal(nb, lambda: brief(rows(nb)), lambda: grown[:-1])
    press(nb, 'Undo')
    until_equal(nb, lambda: brief(rows(nb)), lambda: grown)
    press(nb, 'Generate')
    until_equal(nb, lambda: progress(nb), lambda: 100)
    until_equal(
        nb, lambda: get(nb, '(s.run.status, s.run.unit, 0 if s.df is None else len(s.df))'), lambda: ['done', 'row', 8]
    )
    until_equal(nb, table.all_inner_texts, lambda: get(nb, 'list(s.df.text)'))
    press(nb, 'Copy as Python')
    nb.page.get_by_text('Copied', exact=True).wait_for()
    code = nb.page.evaluate('() => navigator.clipboard.readText()')
    assert nb.run(f'there = {{}}\nexec({code!r}, there)\nprint("the same:", there["df"].equals(s.df))').endswith(
        'the same: True\n'
    )
    nb.save()
    nb.reload()
    nb.page.get_by_role('tree', name='Taxonomy').wait_for()
    same_tree(nb, 's.taxonomy')
    until_equal(nb, table.all_inner_texts, lambda: get(nb, 'list(s.df.text)'))
