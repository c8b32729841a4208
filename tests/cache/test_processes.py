"Several processes, several runs, one cache"

import multiprocessing
import os
import sqlite3
import subprocess
import sys

import pandas as pd
import pytest
from fake_server import serve
from helpers import TASK, check_exact, get_model, needed, openai

from syngen_nb import Cache, generate, start
from syngen_nb.cache import CacheError

AT_ONCE, N = 4, 90
FORK = multiprocessing.get_context('spawn' if os.name == 'nt' else 'fork')  # Much faster than to start Python anew


def job(url, cache, out, gate):
    "One of the processes"
    gate.wait(30)  # all at the same moment, the file not there yet
    m = get_model('openai/fake', base_url=url, concurrency=AT_ONCE)
    generate(TASK, N, model=m, cache=cache, progress=False).to_pickle(out)


def opened(cache, gate, q):
    gate.wait(30)
    try:
        Cache(cache).put('s', 0, {'text': 'x'})
        q.put('')
    except Exception as e:
        q.put(repr(e))


def test_three_processes_one_file(cache, tmp_path):
    "The same job three times at once: the file is whole, each frame is exact, and all are the same"
    gate = FORK.Barrier(3)
    with serve(latency=0.02) as s:
        ps = [FORK.Process(target=job, args=(s.url, cache, tmp_path / f'{i}.pkl', gate)) for i in range(3)]
        for p in ps:
            p.start()
        for p in ps:
            p.join(60)
        assert [p.exitcode for p in ps] == [0, 0, 0]
        frames = [pd.read_pickle(tmp_path / f'{i}.pkl') for i in range(3)]
        for df in frames:
            check_exact(df, N)
        assert frames[0].equals(frames[1]) and frames[0].equals(frames[2])
        at = s.count
        assert generate(TASK, N, model=openai(s), cache=cache, progress=False).equals(frames[0]) and s.count == at
        assert len(Cache(cache)) == needed(frames[0]) == at  # each request was sent once by the three
    assert sqlite3.connect(cache).execute('pragma integrity_check').fetchone() == ('ok',)
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith('c.sqlite')} <= {
        'c.sqlite',
        'c.sqlite-wal',
        'c.sqlite-shm',
    }


def test_two_make_the_file(tmp_path):
    "Processes that make the cache at the same moment all get it, and it is one"
    gate, q = FORK.Barrier(2), FORK.Queue()
    ps = [FORK.Process(target=opened, args=(tmp_path / 'new' / 'c.sqlite', gate, q)) for _ in range(2)]
    for p in ps:
        p.start()
    assert [q.get(timeout=30) for _ in ps] == ['', '']
    for p in ps:
        p.join(10)
    assert len(Cache(tmp_path / 'new' / 'c.sqlite')) == 1


def test_another_process_leaves(cache):
    "What is stored after another process has left is there for the next one, also if the file was opened several times here and taken for something else"
    mine = Cache(cache)
    mine.put('s', 0, {'text': 'x'})
    Cache(cache)
    with pytest.raises(CacheError):
        mine.load(cache)
    for i in range(1, 4):
        assert _seen(cache) == i
        mine.put('s', i, {'text': 'x'})
    assert _seen(cache) == len(mine) == 4


def _seen(cache):
    "How many answers another process finds, which is not forked and shares no lock with this one"
    code = 'db = sqlite3.connect(sys.argv[1]); print(*db.execute("select count(*) from packed").fetchone()); db.close()'
    there = [sys.executable, '-S', '-c', f'import sqlite3, sys; {code}', str(cache)]
    return int(subprocess.run(there, capture_output=True, text=True, check=True).stdout)


def test_two_runs_at_once(cache):
    "Two runs of the same job in one process ask no more than one"
    with serve(latency=0.05) as s:
        c = Cache(cache)
        a, b = (start(TASK, N, model=openai(s), cache=c) for _ in range(2))
        fa, fb = a.result(30), b.result(30)
        check_exact(fa, N)
        assert fa.equals(fb) and s.count == needed(fa)
        assert a.usage.requests + b.usage.requests == s.count  # each paid once, by one of the two


@pytest.mark.parametrize('form', ['path', 'default'])
def test_two_runs_at_once_by_path(form, cache):
    "The same when each is given the path of the cache, or neither is given any"
    kw = dict(cache=cache) if form == 'path' else {}
    with serve(latency=0.05) as s:
        a, b = (start(TASK, N, model=openai(s), **kw) for _ in range(2))
        fa, fb = a.result(30), b.result(30)
        assert fa.equals(fb) and s.count == needed(fa)


def test_forked(cache):
    "A forked process goes on with a cache and a worker of its own"
    with serve() as s:
        c, m = Cache(cache), openai(s)
        generate(TASK, 30, model=m, cache=c, progress=False)
        ctx = multiprocessing.get_context('fork')
        q = ctx.Queue()
        p = ctx.Process(target=lambda: q.put(generate(TASK, 45, model=openai(s), cache=c, progress=False)))
        p.start()
        got = q.get(timeout=20)
        p.join(10)
        check_exact(got, 45)
        at = s.count
        assert generate(TASK, 45, model=m, cache=c, progress=False).equals(got) and s.count == at
