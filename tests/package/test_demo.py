"The quickstart runs for real with the small model, as `make demo MODEL=local/small` runs it"

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'tools'))
from demo import show


def test_demo(tmp_path, own_home):
    "It ends well, shows progress, and leaves the rows and the executed notebook; twelve rows take less time than forty"
    p = subprocess.run(
        [sys.executable, ROOT / 'tools/demo.py', 'local/small', tmp_path, '12'],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not p.returncode and 'WARNING' not in p.stderr, p.stdout + p.stderr
    assert '12 rows in demo.csv' in p.stdout and 'texts above were replaced' in p.stdout
    assert p.stdout.index('  1. [') < p.stdout.index('  12. [') < p.stdout.rindex('Classifier(')
    df = pd.read_csv(tmp_path / 'demo.csv')
    assert df.label.value_counts().to_dict() == dict(negative=6, positive=6) and df.text.nunique() == 12
    assert all(c.execution_count for c in nbformat.read(tmp_path / 'demo.ipynb', 4).cells if c.cell_type == 'code')


@pytest.mark.filterwarnings('ignore')
def test_quickstart(tmp_path, monkeypatch, capsys):
    "With the recording it ends in a saved classifier that is right well above chance, and no row is contradicted"
    monkeypatch.chdir(tmp_path)
    notebook = nbformat.read(ROOT / 'nbs/tutorials/quickstart.ipynb', 4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == 'code' and '%pip' not in cell.source]
    names = {}
    for source in code:
        exec(compile(source, '<a cell of the quickstart>', 'exec'), names)
    assert names['usage']['requests'] == 0 and len(names['sentences']) == 24 and names['classifier'].encoder == 'e5'
    assert names['right'] >= 18 and names['low'] > 0.5
    assert (names['df'].label.astype(str) == names['df'].checked_label.astype(str)).all()
    assert (names['loaded'].predict(names['sentences']) == names['classifier'].predict(names['sentences'])).all()
    assert '95 % interval' in capsys.readouterr().out


def test_rows_that_the_judge_doubts_are_explained(capsys):
    "The demo's last screen shows rows that the judge agrees with, and says why others were kept"
    df = pd.DataFrame(
        dict(
            text=['I loved it', 'I was bored', 'Not bad'],
            label=['positive', 'negative', 'negative'],
            checked_label=['positive', None, 'positive'],
            cell='c',
            model='local',
        )
    )
    show(df)
    said = capsys.readouterr().out
    assert 'I loved it' in said and 'I was bored' in said and 'Not bad' not in said
    assert '1 other row kept' in said
    show(df.head(2))
    assert 'kept' not in capsys.readouterr().out
