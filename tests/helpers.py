"What several test files use"

import functools
import math
import multiprocessing
import subprocess
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from syngen_nb import Task, get_model

HERE = Path(__file__).parent
TASK = Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])
PER = 5  # texts a request by the default prompt set
needs_llama = pytest.mark.skipif(
    not find_spec('xllamacpp'), reason='needs the extra local'
)  # not importorskip: the package has to import it, with threads that do not spin on


def openai(s, **kw):
    return get_model('openai/fake', **dict(base_url=s.url, api_key='a-key-of-a-test', concurrency=16, retries=8) | kw)


def anthropic(s, **kw):
    return get_model(
        'anthropic/fake', **dict(base_url=s.root, api_key='a-key-of-a-test', concurrency=16, retries=8) | kw
    )


def needed(df):
    "Requests that a frame takes from a server without faults: one for the source types, one for each list of names, and those for texts"
    st, tp = df[['label', 'source_type']].drop_duplicates(), df[['label', 'source_type', 'topic']].drop_duplicates()
    return 1 + len(st) + len(tp) + sum(math.ceil(n / PER) for n in df.cell.value_counts())


def check_exact(df, n, task=TASK, cells=True):
    "Exactly `n` rows: unique texts, labels equal within one, cells of a label equal within one"
    names = [o.name for o in task.labels]
    assert len(df) == n
    assert df.text.is_unique and df.text.str.strip().str.len().gt(0).all()
    checked = ['checked_label', 'confidence'] if df.attrs.get('syngen', {}).get('verify') else []
    assert list(df.columns) == ['text', 'label', 'source_type', 'topic', 'subtopic', 'cell', 'model', *checked]
    assert list(df.label.cat.categories) == names
    per = Counter(df.label)
    assert max(per[o] for o in names) - min(per[o] for o in names) <= 1
    if not cells:
        return
    assert df.attrs['syngen']['shortfall'] == []
    p = df.attrs['syngen']['plan']
    leaves = p['n_source_type'] * p['n_topic'] * p['n_subtopic']
    for o in names:
        sizes = df[df.label == o].cell.value_counts()
        assert len(sizes) == min(leaves, per[o]) and sizes.max() - sizes.min() <= 1
    assert (
        df.groupby('cell')[['label', 'source_type', 'topic', 'subtopic']].nunique().eq(1).all(axis=None)
    )  # a cell is one place


def python(code, *args, **kw):
    "A Python process that runs `code` in the environment of the tests"
    return subprocess.Popen(
        [sys.executable, '-c', code, *map(str, args)],
        **dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) | kw,
    )


@functools.cache
def children():
    "What starts processes that have imported all they need; Python's own path does not reach the one that imports"
    from multiprocessing import forkserver

    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['batch_child'])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv('PYTHONPATH', str(HERE))
        forkserver.ensure_running()
    return context


def until(f, seconds=20):
    "Wait until `f()`"
    end = time.time() + seconds
    while not f():
        assert time.time() < end, 'it did not happen'
        time.sleep(0.005)
