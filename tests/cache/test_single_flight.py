"One request is paid for once by all processes of a machine, and answers on their way are waited for"

import asyncio
import json
import multiprocessing
import os
import signal
import time

import pytest
from helpers import HERE, TASK, python

import syngen_nb.cache
from syngen_nb import Cache, Model, generate
from syngen_nb.leases import Leases
from syngen_nb.models import ModelError

pytestmark = pytest.mark.skipif(os.name == 'nt', reason='Windows has no fork, and no locks that end with their process')
fork = multiprocessing.get_context('fork') if os.name != 'nt' else None


class Slow(Model):
    "Counts in memory that processes share; what it says follows from what it is asked"

    name = 'my/model'
    concurrency = 8

    def __init__(self, wait=0.05):
        self.asked, self.wait = fork.Value('i', 0), wait

    async def ask(self, req):
        with self.asked:
            self.asked.value += 1
        await asyncio.sleep(self.wait)
        key, n = next(iter(req.schema['properties']['items']['items']['properties'])), abs(hash(req.prompt))
        return json.dumps({'items': [{key: f'words {n} {req.seed} {i} of some length'} for i in range(5)]})


def write(model, cache, n=90):
    return generate(TASK, n, model=model, cache=cache, filters=False, verify=False, progress=False)


def processes(n, function, *args):
    "Run `function` in `n` forked processes at the same moment; return what it gave in each"
    gate, results = fork.Barrier(n), fork.Queue()

    def go():
        gate.wait(60)
        results.put(function(*args))

    started = [fork.Process(target=go) for _ in range(n)]
    for p in started:
        p.start()
    found = [results.get(timeout=60) for _ in started]
    for p in started:
        p.join(60)
    return found


@pytest.mark.parametrize('n', [2, 3])
def test_processes_pay_once(n, cache):
    "The same call in several processes sends what one would send, and gives all the same"
    alone = Slow(0)
    write(alone, ':memory:')
    model = Slow()
    frames = processes(n, write, model, cache)
    assert all(df.equals(frames[0]) for df in frames) and len(frames[0]) == 90
    assert model.asked.value == alone.asked.value == len(Cache(cache))


def test_processes_that_need_some_of_the_same(cache):
    "A call for more rows shares what it has in common with a call for fewer"
    gate, model = fork.Barrier(2), Slow()

    def go(n):
        gate.wait(60)
        write(model, cache, n)

    started = [fork.Process(target=go, args=[n]) for n in (30, 90)]
    for p in started:
        p.start()
    for p in started:
        p.join(60)
    assert [p.exitcode for p in started] == [0, 0]
    assert model.asked.value == len(Cache(cache))


async def fetch(cache, model, draw=0):
    async def ask():
        with model.asked:
            model.asked.value += 1
        await asyncio.sleep(model.wait)
        if model.wait == 0.3:
            raise ModelError('no')
        return {'text': 'x'}

    return await Cache(cache).fetch('s', draw, ask)


def begin_fetch(cache, model):
    "A process that asks, and is in the middle of it when this returns"
    p = fork.Process(target=lambda: asyncio.run(fetch(cache, model)))
    before = model.asked.value
    p.start()
    end = time.time() + 30
    while model.asked.value == before:
        assert time.time() < end
        time.sleep(0.005)
    return p


def test_a_killed_process_holds_nobody_up(cache):
    "After kill -9 of the process that asked, the one that waits asks itself, at once"
    Cache(cache)
    model, mine = Slow(60), Slow(0)
    p = begin_fetch(cache, model)

    async def wait_and_kill():
        flight = asyncio.ensure_future(fetch(cache, mine))
        await asyncio.sleep(0.2)
        assert not flight.done() and mine.asked.value == 0
        os.kill(p.pid, signal.SIGKILL)
        t = time.time()
        return await flight, time.time() - t

    found, seconds = asyncio.run(wait_and_kill())
    p.join(10)
    assert found == ({'text': 'x'}, True) and mine.asked.value == 1 and seconds < 5


def test_an_error_is_not_shared(cache):
    "If the request of another process fails, this one sends its own"
    Cache(cache)
    p, mine = begin_fetch(cache, Slow(0.3)), Slow(0)
    assert asyncio.run(fetch(cache, mine)) == ({'text': 'x'}, True) and mine.asked.value == 1
    p.join(10)


def test_who_is_cancelled_while_waiting_asks_nothing(cache):
    "A run that was stopped does not pay later"
    Cache(cache)
    p, mine = begin_fetch(cache, Slow(0.5)), Slow(0)

    async def stopped():
        flight = asyncio.ensure_future(fetch(cache, mine))
        await asyncio.sleep(0.1)
        flight.cancel()
        await asyncio.sleep(0.7)

    asyncio.run(stopped())
    p.join(10)
    assert mine.asked.value == 0 and Cache(cache).get('s', 0) == {'text': 'x'}


def test_patience_ends(cache, monkeypatch):
    "A process that hangs holds nobody up for ever"
    Cache(cache)
    monkeypatch.setattr(syngen_nb.cache, 'PATIENCE', 0.1)
    p, mine = begin_fetch(cache, Slow(60)), Slow(0)
    assert asyncio.run(fetch(cache, mine)) == ({'text': 'x'}, True) and mine.asked.value == 1
    p.kill()
    p.join(10)


def test_one_holder_may_close_its_cache(cache):
    "Another cache of the same file that is opened and closed meanwhile does not end a lease"
    model = Slow(0.6)

    async def busy():
        flight = asyncio.ensure_future(fetch(cache, model))
        await asyncio.sleep(0.1)
        other = Cache(cache)
        len(other)
        other.close()
        return await asyncio.to_thread(processes, 1, lambda: asyncio.run(fetch(cache, model))), await flight

    (theirs,), mine = asyncio.run(busy())
    assert theirs == ({'text': 'x'}, False) and mine == ({'text': 'x'}, True) and model.asked.value == 1


START = f"""
import asyncio, json, signal, sys; sys.path.insert(0, {str(HERE)!r})
signal.signal(signal.SIGINT, signal.default_int_handler)
from helpers import TASK
from syngen_nb import Model, generate, start

COUNTS = dict(n_source_type=1, n_topic=1, n_subtopic=4, sample_per_subtopic=4)

class Slow(Model):
    name, concurrency = 'my/model', 8

    async def ask(self, req):
        print('asked', flush=True)
        key = next(iter(req.schema['properties']['items']['items']['properties']))
        await asyncio.sleep(0 if key != 'text' else 1)
        return json.dumps({{'items': [{{key: f'words {{req.seed}} {{i}} of some length'}} for i in range(5)]}})
"""
ENDS = {
    'script': 'run = start(TASK, **COUNTS, model=Slow(), cache=sys.argv[1])\nsys.stdin.readline()\n',
    'ctrl_c': 'generate(TASK, **COUNTS, model=Slow(), cache=sys.argv[1], progress=False)\n',
}


@pytest.mark.parametrize('how', ENDS)
def test_answers_on_their_way_are_waited_for(how, cache):
    "When a script ends, by itself or by Ctrl-C, what is paid for is stored, nothing new is asked, and the wait is announced"
    p = python(START + ENDS[how], cache, stdin=-1)
    tree = 1 + 3 + 3  # requests before the first texts
    asked = sum(p.stdout.readline() == 'asked\n' for _ in range(tree + 8))
    t = time.time()
    if how == 'ctrl_c':
        p.send_signal(signal.SIGINT)
    out, err = p.communicate('\n', timeout=30)
    asked += out.count('asked')
    assert 'answers on their way' in err and ' came' in err and 'lost' not in err, err
    assert p.returncode == {'script': 0, 'ctrl_c': -signal.SIGINT}[how] and time.time() - t < 10
    assert len(Cache(cache)) == asked >= tree + 8


def test_runs_that_wait_for_another_process_ask_once(cache, monkeypatch):
    "Two runs of one process whose wait for another process ends are one flight, and one of them has paid"
    monkeypatch.setattr(syngen_nb.cache, 'PATIENCE', 0.1)
    kept, asked, complaints = Cache(cache), [], []

    async def ask():
        asked.append(1)
        await asyncio.sleep(0.3)
        return dict(text='words')

    async def both():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        return await asyncio.gather(kept.fetch('s', 0, ask), kept.fetch('s', 0, ask))

    is_held = fork.Event()
    other = fork.Process(target=hold, args=[cache, is_held])
    other.start()
    assert is_held.wait(20)
    found = asyncio.run(both())
    other.kill()
    other.join(10)
    assert len(asked) == 1 and not complaints
    assert sorted(was_paid for _, was_paid in found) == [False, True]


def hold(cache, is_held):
    "Keep the lease of a draw"
    assert Leases(cache).take('s 0')
    is_held.set()
    time.sleep(60)
