"Code of the user that the package calls on its worker thread: it ends, whatever it calls"

import asyncio
import json
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue

import pytest

from syngen_nb import (
    DEFAULT,
    Cache,
    DataView,
    Judge,
    Model,
    ModelError,
    Task,
    aestimate,
    agenerate,
    estimate,
    generate,
    grow,
    limits,
    loop,
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
        warnings.simplefilter('ignore', ResourceWarning)  # Of earlier tests
        run.watch(watcher)
        run.pause()  # Tells the watchers here, where an estimate works
        run.resume()
        assert len(ends(run.result)) == 2
    assert len(calls) > 4 and run.status == 'done'
    assert said and {warning.category for warning in said} == {WatcherWarning}


@pytest.mark.parametrize('error', [SystemExit(3), KeyboardInterrupt()])
def test_a_watcher_that_wants_to_exit_ends_no_paid_run(error):
    def leaves(ids):
        if worker.is_current():
            raise error

    run = start_grow(TASK, 1, 1, 1, model=Numbered(0.01), cache=':memory:')
    run.watch(leaves)
    with pytest.warns(WatcherWarning, match=type(error).__name__):
        ends(run.result)
    assert run.status == 'done'


def test_a_watcher_of_a_growing_tree_that_generates():
    run = start_grow(TASK, 2, 2, 2, model=Numbered(0.1), cache=':memory:')
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        warnings.simplefilter('ignore', ResourceWarning)  # Of earlier tests
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


@pytest.mark.parametrize('error', [ValueError, asyncio.CancelledError, GeneratorExit])
def test_a_watcher_that_fails_ends_no_run(error):
    "It is told of later changes, and the others hear everything"
    n_calls = 0

    def breaks(ids):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 5:
            raise error('the display broke')

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


def test_a_filter_that_is_cancelled_ends_the_run():
    "It is no stop, so no part of the rows is returned"

    def cancels(text, context):
        raise asyncio.CancelledError

    error = ends(lambda: generate(TASK, **settings(filters=cancels), progress=False))
    assert isinstance(error, RuntimeError) and 'A filter raised CancelledError' in str(error)


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


SAYS_WHO_WAITS = 'neither would ever end'


def outcome_of(call):
    try:
        return call()
    except Exception as error:
        return error


def in_a_thread(call):
    "Wait for a thread that does `call`, and return its outcome, as a user might on the worker's thread"
    said = []
    thread = threading.Thread(target=lambda: said.append(outcome_of(call)))
    thread.start()
    thread.join()
    return said[0]


def in_a_thread_of_a_thread(call):
    return in_a_thread(lambda: in_a_thread(call))


def in_a_pool(call):
    with ThreadPoolExecutor(1) as pool:
        return outcome_of(pool.submit(call).result)


def with_an_event(call):
    said, done = [], threading.Event()
    threading.Thread(target=lambda: (said.append(outcome_of(call)), done.set())).start()
    done.wait()
    return said[0]


CALLS = dict(
    generate=lambda run: blocks(),
    grow=lambda run: grow(TASK, 1, 1, 1, model=Numbered(), cache=':memory:', progress=False),
    result=lambda run: run.result(),
    estimate=lambda run: estimate(TASK, 10, model=Numbered(), cache=':memory:'),
    agenerate=lambda run: asyncio.run(agenerate(TASK, **settings())),
    aestimate=lambda run: asyncio.run(aestimate(TASK, 10, model=Numbered(), cache=':memory:')),
    cancel=lambda run: run.cancel(),
)


@pytest.fixture
def soon(monkeypatch):
    "Looks come often"
    monkeypatch.setattr(loop, 'LOOK_EVERY', 0.1)
    monkeypatch.setattr(loop, 'SOON', 0.3)


@pytest.mark.parametrize('call', CALLS)
def test_a_watcher_that_waits_for_a_thread(call, soon):
    "The thread raises, so the watcher goes on, and so does the run"
    said = []
    run = start(TASK, **settings(model=Numbered(0.02)))

    def watcher(ids):
        if not said and worker.is_current():
            said.append(None)
            said[0] = in_a_thread(lambda: CALLS[call](run))

    run.watch(watcher)
    ends(lambda: outcome_of(run.result))
    assert isinstance(said[0], RuntimeError) and SAYS_WHO_WAITS in str(said[0])
    assert 'in in_a_thread (' in str(said[0]) and __file__ in str(said[0])


@pytest.mark.parametrize('wait', [in_a_thread, in_a_thread_of_a_thread, in_a_pool, with_an_event])
def test_a_filter_that_waits_for_a_thread(wait, soon):
    said = []

    def waits(text, context):
        if not said:
            said.append(wait(blocks))
        return ''

    assert len(ends(lambda: generate(TASK, **settings(filters=waits), progress=False))) == 2
    assert isinstance(said[0], RuntimeError) and 'stood still' in str(said[0])
    assert ('probably' in str(said[0])) == (wait is with_an_event)


def test_a_model_that_waits_for_a_pool(soon):
    class Waits(Numbered):
        name = 'my/waits'

        async def ask(self, request):
            raise in_a_pool(blocks)

    error = ends(lambda: generate(TASK, **settings(model=Waits()), progress=False))
    assert isinstance(error, ModelError) and SAYS_WHO_WAITS in str(error)


def test_a_watcher_that_waits_for_an_edit_of_the_tree(soon):
    "A tree tells of a new node while its lock is held"
    run = start_grow(TASK, 1, 2, 1, model=Numbered(0.02), cache=':memory:')
    said = []

    def watcher(ids):
        if not said and worker.is_current():
            said.append(None)
            said[0] = in_a_thread(lambda: run.taxonomy.weigh('task', 2))

    run.taxonomy.watch(watcher)
    assert ends(run.result) is run.taxonomy
    assert isinstance(said[0], RuntimeError) and SAYS_WHO_WAITS in str(said[0])


def test_an_observer_that_waits_for_an_edit_of_the_widget(soon):
    view = DataView(blocks())
    said = []

    def observer(change):
        said.append(in_a_thread(lambda: setattr(view, 'df', view.df.head(1))))

    view.bar.observe(observer, 'info')
    shown = threading.Event()
    worker.call_soon(lambda: (view.offer(view.df.head(1)), shown.set()))
    assert shown.wait(5) and isinstance(said[0], RuntimeError) and SAYS_WHO_WAITS in str(said[0])


@pytest.mark.parametrize('wait', [time.sleep, lambda seconds: in_a_pool(lambda: time.sleep(seconds))])
def test_a_slow_callback_raises_no_alarm(wait, soon):
    "Neither one that computes nor one that waits for threads of its own, whether the caller came before or meanwhile"
    began = threading.Event()

    def waits(text, context):
        if not began.is_set():
            began.set()
            wait(0.6)
        return ''

    run = start(TASK, **settings(filters=waits))
    assert began.wait(5) and len(ends(run.result)) == 2


def look_in_by_joining(call, seconds, done, said):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join(seconds)


def look_in_at_a_future(call, seconds, done, said):
    try:
        ThreadPoolExecutor(1).submit(call).result(timeout=seconds)
    except TimeoutError:
        pass


def look_in_at_an_event(call, seconds, done, said):
    threading.Thread(target=call).start()
    done.wait(seconds)


def look_in_at_a_queue(call, seconds, done, said):
    threading.Thread(target=call).start()
    with pytest.raises(Empty):
        said.get(timeout=seconds)


def look_in_through_a_thread(call, seconds, done, said):
    in_a_thread(lambda: look_in_by_joining(call, seconds, done, said))


@pytest.mark.parametrize(
    'look_in',
    [
        look_in_by_joining,
        look_in_at_a_future,
        look_in_at_an_event,
        look_in_at_a_queue,
        look_in_through_a_thread,
    ],
)
def test_a_filter_that_looks_in_on_a_thread(look_in, soon):
    "The wait ends by itself, so the call of the thread does too"
    said = Queue()
    done = threading.Event()
    begun = []

    def call():
        said.put(outcome_of(blocks))
        done.set()

    def patient(text, context):
        if not begun:
            begun.append(time.monotonic())
            look_in(call, 0.45, done, said)
            assert time.monotonic() - begun[0] > 0.4
        return ''

    assert len(ends(lambda: generate(TASK, **settings(filters=patient), progress=False))) == 2
    assert len(said.get(timeout=5)) == 2


def test_a_filter_that_looks_in_again_and_again(soon):
    said = []

    def waits(text, context):
        if not said:
            thread = threading.Thread(target=lambda: said.append(outcome_of(blocks)))
            thread.start()
            while thread.is_alive():
                thread.join(0.02)
        return ''

    assert len(ends(lambda: generate(TASK, **settings(filters=waits), progress=False))) == 2
    assert isinstance(said[0], RuntimeError) and 'again and again' in str(said[0])


def wait_and_end(kind):
    "Return a wait, and what ends it"
    if kind == 'queue':
        queue = Queue()
        return queue.get, lambda: queue.put(None)
    if kind == 'barrier':
        barrier = threading.Barrier(2)
        return barrier.wait, barrier.wait
    event = threading.Event()
    return event.wait, event.set


@pytest.mark.parametrize('kind', ['queue', 'barrier', 'event'])
def test_a_filter_that_waits_for_what_never_comes(kind, soon):
    "The thread ends with an error, and so does the run that waits for the filter"
    wait, end = wait_and_end(kind)
    said = []

    def waits(text, context):
        if not said:
            said.append(None)
            threading.Thread(target=lambda: said.append(outcome_of(blocks))).start()
            wait()
        return ''

    error = ends(lambda: generate(TASK, **settings(filters=waits), progress=False))
    end()
    assert isinstance(error, RuntimeError) and 'has given up' in str(error)
    assert isinstance(said[1], RuntimeError) and 'probably for the one' in str(said[1])


def test_a_worker_that_is_held_for_very_long(soon, monkeypatch):
    monkeypatch.setattr(loop, 'LATE', 0.2)
    is_free = threading.Event()
    worker.call_soon(lambda: (time.sleep(2), is_free.set()))
    error = ends(blocks)
    assert isinstance(error, RuntimeError) and 'Nothing else can run meanwhile' in str(error)
    assert is_free.wait(5)


def test_a_process_ends_while_its_worker_is_held():
    code = (
        'import asyncio, threading\n'
        'from syngen_nb import loop\n'
        'worker, loop.MOMENT, loop.UNNOTICED = loop.worker, 0.2, 0.1\n'
        'async def hold():\n'
        '    worker.keep(asyncio.ensure_future(asyncio.sleep(9)))\n'
        '    worker.loop.call_later(0.01, threading.Event().wait)\n'
        'worker.run(hold())\n'
    )
    ended = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0 and '0 of 1 came, 1 lost' in ended.stderr


class Nested(Numbered):
    "Awaits a run that asks this model again, whenever it is asked"

    name = 'my/nested'

    def __init__(self, concurrency, depth=None, cache=None):
        super().__init__()
        self.concurrency = concurrency
        self.depth = depth
        self.cache = cache
        self.asked = 0

    async def ask(self, request):
        self.asked += 1
        if self.depth is None or self.asked <= self.depth:
            where = dict(seed=self.asked) if self.cache is None else dict(cache=self.cache)
            await agenerate(TASK, **settings(model=self, **where))
        return await super().ask(request)


@pytest.mark.parametrize('concurrency', [1, 3])
def test_a_model_that_awaits_itself_without_end(concurrency, monkeypatch):
    monkeypatch.setattr(limits, 'LOOK_EVERY', 0.05)
    error = ends(lambda: generate(TASK, **settings(model=Nested(concurrency)), progress=False))
    assert isinstance(error, ModelError) and 'every place of its model is held' in str(error)


async def with_the_loop(call):
    return await asyncio.get_running_loop().run_in_executor(None, call)


class Pool(ThreadPoolExecutor):
    "One of the user's own"


async def with_a_pool(call):
    with Pool(8) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, call)


async def with_a_task(call):
    return await asyncio.create_task(with_the_loop(call))


async def with_a_future(call):
    with Pool(8) as pool:
        return await asyncio.wrap_future(pool.submit(call))


async def with_gathered_futures(call):
    with Pool(8) as pool:
        return await asyncio.gather(asyncio.wrap_future(pool.submit(call)), asyncio.sleep(0))


async def with_a_shield(call):
    with Pool(8) as pool:
        return await asyncio.shield(asyncio.wrap_future(pool.submit(call)))


WAYS = [with_the_loop, with_a_pool, asyncio.to_thread, with_a_task, with_a_future, with_gathered_futures, with_a_shield]


@pytest.mark.parametrize('in_thread', WAYS)
def test_a_model_that_awaits_a_thread_that_asks_it(in_thread, monkeypatch):
    monkeypatch.setattr(limits, 'LOOK_EVERY', 0.05)

    class InThread(Numbered):
        name = 'my/in-thread'
        concurrency = 2

        async def ask(self, request):
            self.n += 1
            await in_thread(lambda: generate(TASK, **settings(model=self, seed=self.n), progress=False))

    error = ends(lambda: generate(TASK, **settings(model=InThread()), progress=False))
    assert isinstance(error, ModelError) and 'every place of its model is held' in str(error)


def test_a_model_that_awaits_a_thread_that_asks_another():
    class Other(Numbered):
        name = 'my/other-in-thread'
        concurrency = 1

        async def ask(self, request):
            await with_the_loop(blocks)
            return await super().ask(request)

    assert len(ends(lambda: generate(TASK, **settings(model=Other()), progress=False))) == 2


def test_a_model_that_awaits_itself_a_few_times():
    assert len(ends(lambda: generate(TASK, **settings(model=Nested(4, depth=3)), progress=False))) == 2


def test_models_that_await_each_other(monkeypatch):
    monkeypatch.setattr(limits, 'LOOK_EVERY', 0.05)

    class Other(Numbered):
        name = 'my/other'
        concurrency = 1
        other = None

        async def ask(self, request):
            return len(await agenerate(TASK, **settings(model=self.other)))

    one, two = Other(), Other()
    one.other, two.other = two, one
    error = ends(lambda: generate(TASK, **settings(model=one), progress=False))
    assert isinstance(error, ModelError) and 'every place of its model is held' in str(error)


def test_a_model_that_awaits_its_own_answer():
    "The inner run has the same cache and asks for the same"
    cache = Cache(':memory:')
    error = ends(lambda: generate(TASK, **settings(model=Nested(8, cache=cache), cache=cache), progress=False))
    assert isinstance(error, ModelError) and 'would wait for itself' in str(error)
