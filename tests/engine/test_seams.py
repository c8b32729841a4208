"Where two features of large runs meet: caps, parallel draws, parts of a frame, batches, workers, remembered calls"

import asyncio
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest
from fake_server import serve
from fakes import Writer
from helpers import TASK, check_exact, openai, until

from syngen_nb import Cache, Task, generate, get_model, grow, start, to_parquet
from syngen_nb.batches import APIBatches
from syngen_nb.models import Answer

TWO = Task('Sort notes by what they are about', ['Sea', 'Land'])
QUIET = dict(progress=False, filters=False, verify=False)
pytestmark = pytest.mark.filterwarnings('ignore::syngen_nb.ShortWarning')
needs_locks = pytest.mark.skipif(os.name == 'nt', reason='Windows has no file locks')


class Paid(Writer):
    "Every answer takes the same tokens, far fewer than it may"

    name, max_tokens, concurrency, faults = 'me/paid', 60, 16, 0.0

    def price(self, tokens_in, tokens_out):
        return 1e-6 * (tokens_in + tokens_out)

    async def ask(self, request):
        await asyncio.sleep(0.001)
        return Answer(await super().ask(request), 300, 50)


@pytest.fixture
def quick(monkeypatch):
    for name, seconds in dict(poll_seconds=0.02, gather_seconds=0.02, settle_seconds=0.1).items():
        monkeypatch.setattr(APIBatches, name, seconds)


def rests(run):
    return run.done or run.is_at_cap


def test_draws_side_by_side_keep_to_a_cap():
    "Cells that want many texts ask for several draws at a time, and pause, go on and end with the rows of a run without a cap"
    full = generate(TWO, 200, 1, 1, 1, model=Paid(), cache=':memory:', **QUIET)
    run = start(TWO, 200, 1, 1, 1, model=Paid(), cache=':memory:', max_dollars=0.003, filters=False, verify=False)
    for cap in (0.006, 0.009, 0.012):
        until(lambda: rests(run))
        assert run.is_at_cap and not run.budget.n_on_way
        assert run.budget.sum.total().dollars <= run.budget.caps.max_dollars
        assert sum(map(len, run.batches(30))) == len(run.frame)
        run.resume(max_dollars=cap)
    assert run.resume(max_dollars=1).result().equals(full)
    assert run.usage.requests == full.attrs['syngen']['usage']['requests']


def test_held_while_cells_are_still_added(tmp_path):
    "A cap that lets nothing through pauses a run on a large tree, which gives one part without rows: a frame all the same"
    tree = grow(TWO, 3, 5, 8, model=Paid(), cache=':memory:', progress=False)
    run = start(tree, 480, model=Paid(), cache=':memory:', max_dollars=0.0001, verify=False)
    until(lambda: rests(run))
    assert run.is_at_cap and run.progress()['total'] == 480
    with pytest.warns(UserWarning, match='480 rows missing'):
        (part,) = run.batches()
    pd.testing.assert_frame_equal(part, run.frame)
    assert pd.concat(run.batches()).columns.equals(run.frame.columns) and not len(part)
    assert part.attrs['syngen']['n_short'] == run.frame.attrs['syngen']['n_short']
    to_parquet(run.batches(), tmp_path / 'rows')
    assert list(pd.read_parquet(tmp_path / 'rows').columns) == list(part.columns)
    run.stop()


def test_a_remembered_call_needs_no_money(cache):
    "What a finished call came to is returned under any cap, and nothing is added to a named sum"
    first = generate(TASK, 24, model=Paid(), cache=cache, max_dollars=1, budget='b', progress=False)
    spent = Cache(cache).sums('b')
    assert spent[0] > 0
    for options in (dict(max_dollars=1e-6), dict(max_dollars=1e-6, budget='b'), dict(max_tokens_total=1)):
        assert generate(TASK, 24, model=Paid(), cache=cache, progress=False, **options).equals(first)
    assert Cache(cache).sums('b') == spent


@needs_locks
def test_batches_of_parallel_draws_under_a_cap(cache, quick):
    "Draws of one cell side by side go into one batch; a cap splits them, and each is sent once"
    how = dict(model=None, filters=False, verify=False, batch=True)
    with serve(stable=True) as s:
        how['model'] = openai(s, price=(1, 2), max_tokens=150)
        run = start(TWO, 120, 1, 1, 1, cache=cache, max_dollars=0.02, **how)
        until(lambda: rests(run))
        assert run.is_at_cap and run.budget.sum.total().dollars <= 0.02
        run.resume(max_dollars=5)
        check_exact(run.result(), 120, TWO)
        sent = [r for r in s.requests() if 'ids' in r]
        names = Counter(name for r in sent for name in r['ids'])
        assert max(names.values()) == 1 and max(r['n'] for r in sent) > 2
        n = s.count
        assert generate(TWO, 120, 1, 1, 1, cache=cache, progress=False, **how).equals(run.frame) and s.count == n


@needs_locks
def test_a_model_with_workers_goes_into_batches(cache, tmp_path, quick):
    "Its batches are those of the model that answers, and so is the frame"
    with serve(stable=True) as s, ThreadPoolExecutor(4) as pool:
        options = dict(base_url=s.url, api_key='a-key-of-a-test')
        alone = generate(TASK, 30, model=get_model('openai/fake', **options), cache=tmp_path / 'live', progress=False)
        far = get_model('openai/fake', executor=pool, **options)
        assert generate(TASK, 30, model=far, cache=cache, batch=True, progress=False).equals(alone)
        assert [r['n'] for r in s.requests() if 'ids' in r] == [len(alone.cell.unique())]
