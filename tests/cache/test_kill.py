"Never paid for twice: a killed run goes on where it was"

import multiprocessing
import os
import signal
import time

import pandas as pd
import pytest
from fake_server import serve
from helpers import TASK, check_exact, needed, openai

from syngen_nb import Cache, generate, grow

pytestmark = pytest.mark.skipif(os.name == 'nt', reason='Windows has no SIGKILL')

AT_ONCE = 8
fork = multiprocessing.get_context('fork') if os.name != 'nt' else None


def begin(s, cache, n, out):
    "Write `n` rows in a process of its own, which is forked: to start Python anew takes longer than all the rest"

    def write():
        generate(TASK, n, model=openai(s, concurrency=AT_ONCE), cache=cache, progress=False).to_pickle(out)

    process = fork.Process(target=write)
    process.start()
    return process


def prompts(cache):
    "What the answers on disk answer, as the server logs it"
    c = Cache(cache)
    requests = [row['request'] for row in c.rows()]
    c.close()
    return {f'{o["system"]}\n{o["prompt"]}' for o in requests}


def killed_at(k, s, *args):
    "Start a run and kill it when the server has had `k` requests"
    p = begin(s, *args)
    end = time.time() + 20
    while s.count < k and p.is_alive() and time.time() < end:
        time.sleep(0.002)
    assert p.is_alive() and s.count >= k
    os.kill(p.pid, signal.SIGKILL)
    p.join(20)
    assert p.exitcode == -signal.SIGKILL


def test_killed_three_times(cache, tmp_path):
    "After kill -9 in mid-run, three times, nothing that is on disk is asked again, at most what was on its way, and the frame is exact"
    n, out, legs = 200, tmp_path / 'df.pkl', []
    with serve(latency=0.05) as s:
        for k in (5, 80, 140):  # in the tree, in the texts, later in the texts
            killed_at(k, s, cache, n, out)
            asked, stored = [r['prompt'] for r in s.requests()], prompts(cache)
            assert stored <= set(asked) and len(set(asked) - stored) <= AT_ONCE  # all that was answered is there
            legs.append((stored, len(asked)))
        p = begin(s, cache, n, out)
        p.join(60)
        assert p.exitcode == 0
        asked = [r['prompt'] for r in s.requests()]
        for stored, at in legs:
            assert not stored & set(asked[at:])
        df = pd.read_pickle(out)
        check_exact(df, n)
        assert needed(df) <= len(asked) <= needed(df) + 3 * AT_ONCE
        assert generate(TASK, n, model=openai(s), cache=cache, progress=False).equals(df) and s.count == len(asked)


def check_more(less, more):
    "Each cell of `less` begins with the same rows in `more`, as far as it still has them there"
    for i, df in less.groupby('cell', sort=False):
        rows = more[more.cell == i]
        k = min(len(df), len(rows))
        assert k and rows.iloc[:k].reset_index(drop=True).equals(df.iloc[:k].reset_index(drop=True))


def test_more_rows_of_a_taxonomy(cache):
    "More rows from the same tree ask only for those, and each cell begins with the rows it had"
    with serve() as s:
        tax = grow(TASK, 2, 3, 2, model=openai(s), cache=cache, progress=False)
        less = generate(tax, 90, model=openai(s), cache=cache, progress=False)
        had, at = {r['prompt'] for r in s.requests()}, s.count
        more = generate(tax, 120, model=openai(s), cache=cache, progress=False)
        check_exact(more, 120, cells=False)
        assert not had & {r['prompt'] for r in s.requests()[at:]}
        grown = sum(more.cell.value_counts()[i] > k for i, k in less.cell.value_counts().items())
        assert s.count - at == grown  # one request for each cell that grew
        assert sum(r['n'] for r in s.requests()[at:]) == 30
        check_more(less, more)
        assert generate(tax, 90, model=openai(s), cache=cache, progress=False).equals(less)  # and back, for nothing
        assert s.count - at == grown


def test_more_rows_of_a_task(cache):
    "More rows for a task grow its tree further: all that was there is in it, and nothing of it is asked again"
    with serve() as s:
        less = generate(TASK, 60, model=openai(s), cache=cache, progress=False)
        had, at = {r['prompt'] for r in s.requests()}, s.count
        more = generate(TASK, 150, model=openai(s), cache=cache, progress=False)
        check_exact(more, 150)
        assert not had & {r['prompt'] for r in s.requests()[at:]}
        assert set(less.cell) <= set(more.cell)
        check_more(less, more)
