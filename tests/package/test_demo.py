"The quickstart runs for real with the small model, as `make demo MODEL=local/small` runs it"

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd


def test_demo(tmp_path, own_home):
    "It ends well, shows progress, and leaves 40 rows and the executed notebook"
    p = subprocess.run(
        [sys.executable, Path(__file__).parents[2] / 'tools/demo.py', 'local/small', tmp_path],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert not p.returncode, p.stdout + p.stderr
    assert ' of 40 rows' in p.stdout and '40 rows in demo.csv' in p.stdout
    df = pd.read_csv(tmp_path / 'demo.csv')
    assert df.label.value_counts().to_dict() == dict(negative=20, positive=20) and df.text.nunique() == 40
    assert all(c.execution_count for c in nbformat.read(tmp_path / 'demo.ipynb', 4).cells if c.cell_type == 'code')
