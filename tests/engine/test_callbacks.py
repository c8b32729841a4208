"Code of the user that the package calls on its worker thread: it ends, whatever it calls"

import asyncio
import json
import threading
import time
import warnings

import pytest

from syngen_nb import (
    DEFAULT,
    Cache,
    Judge,
    Model,
    ModelError,
    Task,
    agenerate,
    estimate,
    generate,
    grow,
    start,
    start_grow,
)
from syngen_nb.loop import WatcherWarning, worker
from syngen_nb.prompts import Prompts

TASK = Task('Sort the notes', ['a', 'b'])
SMALL = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=1)
TELLS_WHAT_TO_DO = 'in a thread of your own'


class Numbered(Model):
    "Answers each request with three new names or texts"

    name = 'my/model'

    def __init__(self, seconds=0):
        self.n = 0
        self.seconds = seconds  # Before an answer; the others get time to watch

    async def ask(self, request):
        await asyncio.sleep(self.seconds)
        self.n += 1
        key = next(iter(request.schema['properties']['items']['items']['properties']))
        return json.dumps(dict(items=[{key: f'number {self.n} {i} of some length'} for i in range(3)]))


def settings(**more):
    return SMALL | dict(model=Numbered(), cache=':memory:', filters=False) | more


def blocks():
    "Call the package as one would in a cell"
    return generate(TASK, **settings(), progress=False)


def ends(call, seconds=5):
    "Return what `call` returns or raises, on a thread of its own; fail if it hangs"
    outcome = []

    def work():
        try:
            outcome.append(call())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    assert outcome, 'it hangs'
    return outcome[0]


@pytest.fixture(autouse=True)
def worker_is_free():
    "After each test other runs work as ever"
    yield
    assert len(ends(blocks)) == 2


def test_a_filter_that_generates_ends_its_run_at_once():
    error = ends(lambda: generate(TASK, **settings(filters=lambda text, context: str(blocks())), progress=False))
    assert isinstance(error, RuntimeError) and TELLS_WHAT_TO_DO in str(error)


def test_a_filter_that_waits_for_a_run():
    def waits(text, context):
        return str(start_grow(TASK, 1, 1, 1, model=Numbered(), cache=':memory:').result())

    error = ends(lambda: generate(TASK, **settings(filters=[waits]), progress=False))
    assert isinstance(error, RuntimeError) and TELLS_WHAT_TO_DO in str(error)


def test_a_watcher_that_estimates_ends_nothing():
    run = start(TASK, **settings(model=Numbered(0.02)))
    calls = []

    def watcher(ids):
        calls.append(ids)
        if len(calls) < 4:
            estimate(TASK, 10, model=Numbered(), cache=':memory:')

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        run.watch(watcher)
        run.pause()  # Tells the watchers here, where an estimate works
        run.resume()
        assert len(ends(run.result)) == 2
    assert len(calls) > 4 and run.status == 'done'
    assert said and {warning.category for warning in said} == {WatcherWarning}


def test_a_watcher_of_a_growing_tree_that_generates():
    run = start_grow(TASK, 2, 2, 2, model=Numbered(0.02), cache=':memory:')
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        run.taxonomy.watch(lambda ids: generate(run.taxonomy, **settings(), progress=False))
        tree = ends(run.result)
    assert tree is run.taxonomy and run.status == 'done'
    assert said and all(TELLS_WHAT_TO_DO in str(warning.message) for warning in said)


@pytest.mark.parametrize('blocking', [blocks, lambda: grow(TASK, 1, 1, 1, model=Numbered(), cache=':memory:')])
def test_a_model_that_blocks(blocking):
    class Blocks(Model):
        name = 'my/blocks'

        async def ask(self, request):
            blocking()

    error = ends(lambda: generate(TASK, **settings(model=Blocks()), progress=False))
    assert isinstance(error, ModelError) and TELLS_WHAT_TO_DO in str(error)


def test_a_model_may_await():
    "The way that the message names works"

    class Awaits(Numbered):
        name = 'my/awaits'

        async def ask(self, request):
            await agenerate(TASK, **settings())
            return await super().ask(request)

    assert len(ends(lambda: generate(TASK, **settings(model=Awaits()), progress=False), 20)) == 2


def test_a_judge_that_blocks():
    class Blocks(Model):
        name = 'my/judge'

        async def ask(self, request):
            blocks()

    run = start(TASK, **settings(verify=Judge('keep', model=Blocks())))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        df = ends(run.result)
    assert len(df) == 2 and df.checked_label.isna().all()
    assert TELLS_WHAT_TO_DO in run.errors[0]['error']


def test_a_cache_that_blocks():
    class Blocks(Cache):
        def get(self, series, draw):
            blocks()

    error = ends(lambda: generate(TASK, **settings(cache=Blocks(':memory:')), progress=False))
    assert isinstance(error, RuntimeError) and TELLS_WHAT_TO_DO in str(error)


def test_prompts_that_block():
    class Blocks(Prompts):
        def read(self, *args, **kwargs):
            blocks()

    prompts = Blocks(**{name: getattr(DEFAULT, name) for name in DEFAULT.__dataclass_fields__})
    error = ends(lambda: generate(TASK, **settings(prompts=prompts), progress=False))
    assert isinstance(error, RuntimeError) and TELLS_WHAT_TO_DO in str(error)


def test_an_observer_of_a_clicked_tree():
    from syngen_nb import TaxonomyTree

    tax = grow(TASK, 1, 1, 1, model=Numbered(), cache=':memory:', progress=False)
    tree = TaxonomyTree(tax, model=Numbered(), cache=':memory:')
    sent = []
    tree.send = lambda message, buffers=None: sent.append(message)
    tree.observe(lambda change: blocks(), 'selected')
    tree._handle_custom_msg(dict(op='select', id=tax.cells()[0].id, n=1), [])  # What a click sends
    until = time.time() + 5
    while not any(message['op'] == 'ack' for message in sent):
        assert time.time() < until, 'it hangs'
        time.sleep(0.01)
    errors = [message['text'] for message in sent if message['op'] == 'error']
    assert len(errors) == 1 and TELLS_WHAT_TO_DO in errors[0]


@pytest.mark.parametrize('leave', [SystemExit, KeyboardInterrupt])
def test_code_that_exits_does_not_end_the_worker(leave, caplog):
    def leaves(text, context):
        raise leave('enough')

    error = ends(lambda: generate(TASK, **settings(filters=leaves), progress=False))
    assert isinstance(error, leave) and str(error) == 'enough'


def test_a_watcher_that_fails_ends_no_run():
    "It is told of later changes, and the others hear everything"
    n_calls = 0

    def breaks(ids):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 5:
            raise ValueError('the display broke')

    heard = []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        run = start(TASK, **settings(model=Numbered(0.02), sample_per_subtopic=8))
        run.watch(breaks)
        run.watch(heard.append)
        df = ends(run.result)
    assert len(df) == 16 and run.status == 'done' and n_calls > 5 and len(heard) >= n_calls - 1
    broke = [str(warning.message) for warning in said if warning.category is WatcherWarning]
    assert len(broke) == 1 and 'the display broke' in broke[0] and 'breaks failed' in broke[0]
    assert __file__ in broke[0]  # It names the line


def test_a_watcher_may_stop_and_resume():
    "Watchers are called while no lock is held"
    run = start(TASK, **settings(model=Numbered(0.02), sample_per_subtopic=4))
    done = []

    def watcher(ids):
        if len(done) < 3:
            done.append(ids)
            run.stop()
            run.resume()

    run.watch(watcher)
    assert len(ends(run.result)) == 8 and not worker.is_current()
