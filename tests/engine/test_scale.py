"A model's limit is the model's, and one run does not hold up the others"

import asyncio
import gc
import json
import threading
import time
from dataclasses import dataclass
from itertools import count

import pytest
from helpers import TASK, until

from syngen_nb import Cache, Judge, Model, Task, Taxonomy, estimate, generate, start
from syngen_nb.loop import worker
from syngen_nb.models import ask
from syngen_nb.prompts import LabelName, Request
from syngen_nb.run import wait_for_futures


class Busy(Model):
    "Notes how many requests it has at a time; always something new"

    name = 'own/busy'

    def __init__(self, concurrency=4, seconds=0.005):
        self.concurrency = concurrency
        self.seconds = seconds
        self.now = self.peak = self.asked = 0
        self.numbers = count()

    async def ask(self, request):
        self.asked += 1
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1
        return self.say(request)

    def say(self, request):
        if 'Which of them is it?' in request.prompt:
            return 'A'
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        return json.dumps([{key: f'the word {next(self.numbers)} was seen by number {next(self.numbers)}'}])


# Limits


def test_writer_and_judge_each_have_their_own():
    "A judge keeps to its own concurrency, and a slow writer does not hold back a quick judge"
    for limits in ((8, 1), (1, 8)):
        writer, judge = map(Busy, limits)
        verify = Judge('keep', model=judge, votes=1)
        assert len(generate(TASK, 30, model=writer, cache=':memory:', verify=verify, progress=False)) == 30
        assert (writer.peak, judge.peak) == limits


def test_runs_of_one_model_share_its_limit():
    "Three runs at once, one of them judged by the same model"
    model = Busy(3)
    runs = [start(Task(f'Sort {i}', ['a', 'b']), 12, model=model, cache=':memory:') for i in range(2)]
    runs.append(start(TASK, 6, model=Busy(2), cache=':memory:', verify=Judge('keep', model=model, votes=1)))
    assert [len(run.result(20)) for run in runs] == [12, 12, 6]
    assert model.peak == 3


def test_loops_of_two_threads_share_it():
    "Requests from another event loop count too"
    model = Busy(2)

    async def some():
        await asyncio.gather(*(ask(model, Request('Which of them is it?')) for _ in range(6)))

    threads = [threading.Thread(target=asyncio.run, args=[some()]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert model.asked == 18 and model.peak <= 2


def test_a_limit_may_be_raised_in_mid_run():
    "The run asks more at a time from then on"
    model = Busy(1, seconds=0.002)
    run = start(TASK, 60, model=model, cache=':memory:', verify=False)
    until(lambda: model.asked > 2)
    assert model.peak == 1
    model.concurrency = 8
    assert len(run.result(20)) == 60 and model.peak == 8


@pytest.mark.parametrize('nonsense', [0, '8'])
def test_a_limit_may_not_become_nonsense(nonsense):
    "The run ends with words, keeps its rows, and no other run of the model waits for it"
    model = Busy(2, seconds=0.002)
    run = start(TASK, 60, model=model, cache=':memory:', verify=False)
    until(lambda: len(run.frame) > 2)
    model.concurrency = nonsense
    with pytest.raises(ValueError, match='concurrency'):
        run.result(20)
    model.concurrency = 2
    assert len(run.frame) > 2 and len(start(TASK, 6, model=model, cache=':memory:').result(20)) == 6


def test_a_model_that_cannot_be_hashed():
    "Equal models are two models"

    @dataclass
    class Plain(Busy):
        concurrency: int = 2
        name = 'own/plain'

        def __post_init__(self):
            Busy.__init__(self, self.concurrency)

    models = Plain(), Plain()
    assert models[0] == models[1]
    runs = [start(Task(f'Sort {i}', ['a', 'b']), 8, model=model, cache=':memory:') for i, model in enumerate(models)]
    assert [len(run.result(20)) for run in runs] == [8, 8]
    assert [model.peak for model in models] == [2, 2]


def test_requests_of_a_stopped_run_still_count():
    "What is on its way after a stop takes room, and what only waited for room is not sent"
    model = Busy(2, seconds=0.3)
    runs = [start(Task(f'Sort {i}', ['a', 'b']), 40, model=model, cache=':memory:') for i in range(2)]
    until(lambda: model.now == 2 and len(runs[1]._engine._workers) > 0)
    for run in runs:
        run.stop()
    wait_for_futures([run._future for run in runs])
    asked = model.asked
    model.seconds = 0.005
    assert len(start(TASK, 6, model=model, cache=':memory:').result(20)) == 6
    assert asked <= 4 and model.peak == 2


def test_a_paused_run_does_not_send_what_waited():
    "A run that waits for room is paused: it sends nothing when there is room"
    model = Busy(1, seconds=0.2)
    first = start(Task('Sort 1', ['a', 'b']), 2, model=model, cache=':memory:')
    until(lambda: model.now)
    second = start(Task('Sort 2', ['a', 'b']), 2, model=model, cache=':memory:')
    until(lambda: second._engine._workers)
    second.pause()
    model.seconds = 0.001
    first.result(20)
    assert second.usage.requests == 0
    assert len(second.resume().result(20)) == 2


def test_what_another_run_brought_is_not_asked_again():
    "Two runs of one call and one model that takes one request at a time: each answer is paid once"
    model, cache = Busy(1, seconds=0.002), Cache(':memory:')
    runs = [start(TASK, 6, model=model, cache=cache) for _ in range(3)]
    frames = [run.result(20) for run in runs]
    assert frames[0].equals(frames[1]) and frames[0].equals(frames[2])
    assert model.asked == cache.info()['answers'] == sum(run.usage.requests for run in runs)


def test_an_estimate_does_not_wait_for_room():
    "A guess needs no model"
    model = Busy(1, seconds=5)
    run = start(TASK, 6, model=model, cache=':memory:')
    until(lambda: model.now)
    began = time.monotonic()
    assert estimate(TASK, 6, model=model, cache=':memory:').requests > 0
    assert time.monotonic() - began < 4 and model.asked == 1
    run.stop()


# The loop


class Beat:
    "How long the worker's loop was held at most: in seconds of its thread, so that a busy machine changes nothing"

    def __enter__(self):
        self.longest = 0.0
        self.is_on = True
        self.future = worker.start(self.watch())
        return self

    async def watch(self):
        last = time.thread_time()
        while self.is_on:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            self.longest = max(self.longest, now - last)
            last = now

    def __exit__(self, *_):
        self.is_on = False
        self.future.result(10)


def flat_tree(n_labels, n_cells):
    "A tree with so many subtopics for each label"
    tree = Taxonomy(Task('Sort the mail', [f'label number {i}' for i in range(n_labels)]))
    for label in tree.children():
        topic = tree.add(tree.add(label, 'letters'), 'requests')
        for i in range(n_cells):
            tree.add(topic, f'matter {i}')
    return tree


def n_label_names():
    gc.collect()
    return sum(type(o) is LabelName for o in gc.get_objects())


def test_many_labels_hold_neither_loop_nor_memory():
    "Cells share the names of the labels; cells, requests and a replay leave the loop to others"
    n_labels, n_cells = 40, 8
    tree, cache = flat_tree(n_labels, n_cells), Cache(':memory:')
    names_before = n_label_names()
    with Beat() as first:
        run = start(tree, sample_per_subtopic=1, model=Busy(16, seconds=0), cache=cache)
        assert len(run.result(60)) == n_labels * n_cells
    assert n_label_names() - names_before < 3 * n_labels * (
        2 * n_labels + 1
    )  # Once for each label in each stage, not for each cell
    with Beat() as again:
        assert start(tree, sample_per_subtopic=1, model=Busy(16), cache=cache).result(60).equals(run.frame)
    assert first.longest < 0.25 and again.longest < 0.25


def test_a_large_tree_does_not_hold_the_loop_before_it_asks():
    "Cells are taken in a few at a time"
    tree = flat_tree(30, 50)
    with Beat() as beat:
        model = Busy(1, seconds=9)
        run = start(tree, sample_per_subtopic=1, model=model, cache=':memory:')
        until(lambda: model.asked)
    run.stop()
    assert beat.longest < 0.15
