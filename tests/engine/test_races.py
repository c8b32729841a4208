"A run against itself: stopped and resumed, edited and looked at from several threads while it works"

import asyncio
import json
import logging
import math
import random
import sys
import threading
import time
import warnings
from collections import Counter
from contextlib import contextmanager

import pandas as pd
import pytest
from helpers import until

from syngen_nb import Cache, Judge, Model, ShortWarning, Task, generate, start, start_grow
from syngen_nb.engine import Engine
from syngen_nb.generate import TextStage, text_run
from syngen_nb.grow import grow_run
from syngen_nb.ledger import Ledger
from syngen_nb.options import GrowOptions, TextOptions
from syngen_nb.run import Run

TASK = Task('Sort the notes', ['red', 'blue', 'grey'])
N = 30
pytestmark = pytest.mark.filterwarnings('ignore::syngen_nb.run.ShortWarning')


class Writer(Model):
    "Answers after a moment; what it says depends on the request alone"

    name, concurrency = 'my/writer', 4

    def __init__(self, seconds=0.001, logprobs=0):
        self.seconds, self.logprobs = seconds, logprobs
        self.labels = []  # That texts were asked for
        self.most_texts = math.inf  # Answers with texts; further ones wait

    async def ask(self, request):
        rng = random.Random(f'{request.prompt}{request.seed}')
        await asyncio.sleep(rng.random() * self.seconds)
        if 'Which of them is it?' in request.prompt:
            return 'A'
        items = request.schema['properties']['items']
        key = next(iter(items['items']['properties']))
        if key == 'text':
            self.labels.append(request.prompt.split('with the label "')[1].split('"')[0])
            while len(self.labels) > self.most_texts:
                await asyncio.sleep(0.001)
        words = [''.join(rng.choices('abcdefghijklmnop', k=6)) for _ in range(12)]
        return json.dumps(
            dict(items=[{key: ' '.join(rng.sample(words, 8)) + f' {i}'} for i in range(items['minItems'])])
        )


@pytest.fixture(autouse=True)
def many_switches():
    "Threads take turns far more often than usual"
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield usual
    sys.setswitchinterval(usual)


@pytest.fixture
def usual_switches(many_switches):
    "Threads take turns as usual"
    sys.setswitchinterval(many_switches)


@pytest.fixture(autouse=True)
def nothing_breaks_on_the_loop(caplog):
    "No callback of the loop raises anything"
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def threads(*works):
    "Run all `works` side by side; raise what one of them raised"
    errors = []

    def guard(work):
        try:
            work()
        except BaseException as error:
            errors.append(error)

    started = [threading.Thread(target=guard, args=[work], daemon=True) for work in works]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join(20)
        assert not thread.is_alive(), 'it hangs'
    if errors:
        raise errors[0]


def complete(df, run):
    assert run.status == 'done' and run.done, run
    assert len(df) == N and df.label.value_counts().tolist() == [N // 3] * 3 and df.text.is_unique


def test_stop_resume_result_gives_all_rows():
    "A result after a resume is whole, wherever the stop came"
    for step in range(10):
        run = start(TASK, N, model=Writer(), cache=':memory:')
        time.sleep(step * 0.002)
        run.stop()
        run.resume()
        complete(run.result(20), run)


def test_stop_and_resume_at_the_end(usual_switches):
    "A run that ends by itself at that moment, as all its answers are stored"
    cache, model = Cache(':memory:'), Writer(0)
    kinds = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, model=model, cache=cache)
    generate(TASK, **kinds, progress=False)
    for step in range(30):
        run = start(TASK, **kinds)
        time.sleep(step * 0.0002)
        run.stop()
        run.resume()
        assert len(run.result(20)) == 6 and run.status == 'done'


@pytest.mark.parametrize('seed', range(3))
def test_buttons_pressed_by_several_people(seed):
    "Whatever is pressed on three threads, one resume at the end gives all rows, and answers are used once"
    model = Writer()
    run = start(TASK, N, model=model, cache=':memory:')

    def presses(number):
        rng = random.Random(f'{seed} {number}')

        def work():
            for _ in range(12):
                getattr(run, rng.choice(['stop', 'resume', 'pause', 'begin']))()
                time.sleep(rng.random() * 0.003)

        return work

    threads(*(presses(number) for number in range(3)))
    complete(run.resume().result(20), run)
    draws = [answer['draw'] for answer in run.cache.find()]
    jobs = {answer['series'] for answer in run.cache.find()}
    assert len(draws) == run.usage.requests and draws.count(0) == len(jobs)
    expected = generate(TASK, N, model=Writer(), cache=':memory:', progress=False)
    assert run.frame.text.tolist() == expected.text.tolist()  # As if nobody had pressed anything


def test_a_result_waits_for_a_run_that_another_thread_resumes():
    "It gives what there is at a stop, or all rows; never a part while the run goes on"
    for _ in range(3):
        run = start(TASK, N, model=Writer(), cache=':memory:')
        said = []

        def restarts(run=run):
            for _ in range(4):
                run.stop()
                while not run.done:
                    time.sleep(0)
                run.resume()

        def waits(run=run, said=said):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                run.result(20)
            said.extend(w for w in caught if issubclass(w.category, ShortWarning))  # Not those of open sockets

        threads(restarts, waits)
        complete(run.result(20), run)
        assert said == []  # Nothing is short


def test_a_stop_is_never_lost():
    "Wherever it comes, nothing is asked for after it"
    for step in range(12):
        model = Writer(0)
        run = start(TASK, N, model=model, cache=':memory:', verify=Judge('keep'))
        time.sleep(step * 0.004)
        run.stop()
        run.result(20)
        asked = run.usage.requests
        assert run.status == 'stopped' or len(run.frame) == N
        time.sleep(0.005)
        assert run.usage.requests <= asked + 4  # On their way


def test_a_stop_counts_between_two_rounds():
    "Nothing is queued at that moment; the next round must not begin"
    engine = Engine(None)
    assert not engine.is_busy
    engine.stop()
    assert engine.is_stopped


def test_a_pause_survives_a_restart():
    run = start(TASK, N, model=Writer(), cache=':memory:')
    time.sleep(0.01)
    run.stop()
    run.resume()
    run.pause()
    time.sleep(0.1)
    assert run.status == 'paused'
    complete(run.resume().result(20), run)


EDITS = dict(
    remove_cell=lambda tax, rng: tax.remove(rng.choice(tax.cells())),
    remove_topic=lambda tax, rng: tax.remove(tax.cells()[0].parent),
    remove_branch=lambda tax, rng: tax.remove(tax.children(rng.choice(tax.children()))[0]),
    add_cell=lambda tax, rng: tax.add(rng.choice(tax.cells()).parent, f'more {rng.random()}'),
    add_label=lambda tax, rng: tax.add('task', f'label {rng.random()}'),
    rename_cell=lambda tax, rng: tax.rename(rng.choice(tax.cells()), f'else {rng.random()}'),
    rename_label=lambda tax, rng: tax.rename(rng.choice(tax.children()), f'called {rng.random()}'),
    move_cell=lambda tax, rng: tax.move(tax.cells()[0], tax.cells()[-1].parent),
    lock=lambda tax, rng: tax.lock(rng.choice(tax.children())),
    weigh=lambda tax, rng: tax.weigh(rng.choice(tax.cells()), 3),
    undo=lambda tax, rng: tax.undo(),
    redo=lambda tax, rng: tax.redo(),
)


def follows_the_tree(run, df):
    "Each row stands where its cell stands now"
    names = {label.name for label in run.taxonomy.children()}
    assert not df.label.isna().any() and set(df.label) <= names == set(df.label.cat.categories)
    for row in df.itertuples():
        assert run.taxonomy.path(row.cell) == (row.label, row.source_type, row.topic, row.subtopic)


def looks(run, until):
    "All that a display asks for, again and again"
    while not until.is_set():
        run.progress()
        run.short()
        run.shortfall()
        for node in run.taxonomy.walk():
            run.state(node.id)
        if hasattr(run, 'texts'):
            df = run.frame
            assert not df.label.isna().any()
            assert not run.dropped.label.isna().any()
            run.texts([cell.id for cell in run.taxonomy.cells()])
        repr(run)


@pytest.mark.parametrize('verify', [False, Judge('drop', votes=1)])
@pytest.mark.parametrize('seed', range(3))
def test_edits_and_looks_while_texts_are_written(seed, verify):
    rng = random.Random(seed)
    run = start(TASK, N, 1, 2, 2, model=Writer(0.004), cache=':memory:', verify=verify)
    is_over = threading.Event()

    def edits():
        try:
            for _ in range(15):
                time.sleep(rng.random() * 0.01)
                try:
                    EDITS[rng.choice(list(EDITS))](run.taxonomy, rng)
                except (ValueError, LookupError, IndexError):
                    pass  # The tree says that this edit cannot be done, or it has no cell yet
            run.result(20)
        finally:
            is_over.set()

    threads(edits, lambda: looks(run, is_over))
    follows_the_tree(run, run.result(20))


@pytest.mark.parametrize('seed', range(3))
def test_edits_and_looks_while_a_tree_grows(seed):
    rng = random.Random(seed)
    run = start_grow(TASK, 2, 3, 2, model=Writer(0.004), cache=':memory:')
    is_over = threading.Event()

    def edits():
        try:
            for _ in range(15):
                time.sleep(rng.random() * 0.005)
                try:
                    EDITS[rng.choice([name for name in EDITS if name not in ('undo', 'redo')])](run.taxonomy, rng)
                except (ValueError, LookupError, IndexError):
                    pass
            run.result(20)
        finally:
            is_over.set()

    threads(edits, lambda: looks(run, is_over))
    assert run.status == 'done'


@contextmanager
def half_written(**more):
    "Yield a run that has written some rows, and goes on with the others at the end of the block"
    model = Writer(0.01)
    model.most_texts = 9
    run = start(TASK, N, 1, 2, 2, model=model, cache=':memory:', **more)
    until(lambda: len(run.frame) >= 10)
    yield run
    assert not run.done
    model.most_texts = math.inf


def test_rows_of_a_removed_topic_are_written_elsewhere():
    with half_written() as run:
        topic = run.taxonomy[run.taxonomy.cells()[0].parent]
        run.taxonomy.remove(topic)
    df = run.result(20)
    complete(df, run)
    assert topic.name not in set(df.topic)


LAST_STEPS = [(TextStage, '_end_round'), (Ledger, 'close'), (Run, '_check_outcome')]


@pytest.fixture(params=LAST_STEPS, ids=['round', 'close', 'outcome'])
def at_the_last_moment(request, monkeypatch):
    "Have an edit made once, when a run has all its rows and is about to end"

    def have(edit):
        owner, name = request.param
        step, edited = getattr(owner, name), []

        def step_and_edit(part):
            step(part)
            if not edited and len(run.frame) == N:
                edited.append(edit(run.taxonomy))

        monkeypatch.setattr(owner, name, step_and_edit)
        run = text_run(TASK, TextOptions(N, 1, 2, 2, model=Writer(), cache=':memory:'))
        complete(run.begin().result(20), run)
        assert edited
        return run

    return have


def test_a_topic_that_is_removed_at_the_last_moment_is_written_elsewhere(at_the_last_moment):
    run = at_the_last_moment(lambda tax: tax.remove(tax.cells()[0].parent))
    assert len(run.taxonomy.cells()) == 10 and run.frame.cell.nunique() == 10


def test_a_topic_that_is_added_at_the_last_moment_is_grown_and_written(at_the_last_moment):
    run = at_the_last_moment(lambda tax: tax.add(tax.children(('red',))[0], 'by hand'))
    assert run.frame.topic.tolist().count('by hand') in (3, 4) and len(run.taxonomy.cells()) == 14
    assert run.short() == []  # That others have fewer rows now is no lack


def test_a_cell_that_is_replaced_at_the_last_moment_is_asked_for_once(at_the_last_moment):
    def replace(tax):
        cell = tax.cells(('red',))[-1]
        tax.remove(cell)
        tax.add(cell.parent, 'by hand')

    run = at_the_last_moment(replace)
    series = Counter(answer['series'] for answer in run.cache.find())
    assert run.usage.cached == 0 and all(job.draws == series[job.key] for job in run.stages[-1].jobs.values())


def test_what_is_brought_back_while_labels_are_checked_is_checked(monkeypatch):
    "Its checks have left the queue by then"
    calls = []

    async def check(stage, check=TextStage._check):
        calls.append(stage)
        if len(calls) == 2:
            stage.taxonomy.undo()
        found = await check(stage)
        if len(calls) == 1:
            stage.taxonomy.remove(stage.taxonomy.cells()[0].parent)
        return found

    monkeypatch.setattr(TextStage, '_check', check)
    run = start(TASK, N, 1, 2, 2, model=Writer(), cache=':memory:', verify=Judge('keep', votes=1))
    complete(run.result(20), run)
    assert run.frame.checked_label.notna().all() and len(run.taxonomy.cells()) == 12


def test_rows_of_a_removed_label_are_gone():
    with half_written() as run:
        run.taxonomy.remove(('grey',))
    df = run.result(20)
    assert df.label.value_counts().to_dict() == dict(red=10, blue=10)
    progress = run.progress()
    assert (progress['done'], progress['total']) == (20, 20)
    assert list(df.label.cat.categories) == ['red', 'blue'] and run.short() == []


def test_rows_follow_a_label_that_is_renamed():
    "In the middle of the run, and after it"
    with half_written(verify=Judge('keep', votes=1)) as run:
        run.taxonomy.rename(('blue',), 'navy')
    df = run.result(20)
    assert df.label.value_counts().to_dict() == dict(red=10, navy=10, grey=10)
    assert list(df.label.cat.categories) == list(df.checked_label.cat.categories) == ['red', 'navy', 'grey']
    assert df.checked_label.notna().all() and df.attrs['syngen']['labels'] == dict(red='', navy='', grey='')
    run.taxonomy.rename(('red',), 'blue')
    after = run.frame
    assert after.label.value_counts().to_dict() == dict(blue=10, navy=10, grey=10)
    assert (
        after.checked_label.value_counts().to_dict()
        == df.checked_label.value_counts().rename(dict(red='blue')).to_dict()
    )


def test_a_name_that_another_label_took_is_not_mixed_up():
    "What was read as the old label is not said of the new one"
    run = start(TASK, N, 1, 2, 2, model=Writer(), cache=':memory:', verify=Judge('keep', votes=1))
    run.result(20)
    run.taxonomy.remove(('red',))
    run.taxonomy.rename(('blue',), 'red')
    df = run.frame
    assert set(df.label) == {'red', 'grey'} and list(df.checked_label.cat.categories) == ['red', 'grey']
    n_read_as_red = sum(reading == 'red' for reading in df.checked_label)
    judged = run.stages[-1].checks
    told = [judged.read(label, text).label for label, text in judged.jobs]
    assert n_read_as_red <= told.count('blue')


def test_a_cell_that_moved_is_written_for_its_new_label():
    with half_written() as run:
        cell = next(cell for cell in run.taxonomy.cells(('red',)) if run.texts([cell.id]))
        target = run.taxonomy.cells(('blue',))[0].parent
        before = run.texts([cell.id])
        run.taxonomy.move(cell, target)
    df = run.result(20)
    complete(df, run)
    rows = df[df.cell == cell.id]
    assert set(rows.label) <= {'blue'} and set(rows.text) & set(before)
    follows_the_tree(run, df)


def test_a_cell_that_is_added_gets_rows():
    with half_written() as run:
        new = run.taxonomy.add(run.taxonomy.cells()[0].parent, 'by hand')
    df = run.result(20)
    complete(df, run)
    assert (df.cell == new.id).any()


def test_a_label_that_is_added_gets_none():
    with half_written() as run:
        label = run.taxonomy.add('task', 'green')
        run.taxonomy.add(run.taxonomy.add(run.taxonomy.add(label, 'letters'), 'grass'), 'mown')
    df = run.result(20)
    assert len(df) == N and not (df.label == 'green').any() and run.short() == []


def test_what_is_below_a_node_that_goes_before_the_run_begins():
    "A run that grows a node, or from errors, finds it gone"
    tax = start_grow(TASK, 1, 2, 1, model=Writer(0), cache=':memory:').result(20)
    errors = pd.DataFrame(dict(text=['a note'], label=['red'], predicted=['blue']))
    topic = tax.cells(('red',))[0].parent
    runs = [
        grow_run(tax, GrowOptions(model=Writer(0), cache=':memory:', **more), is_live=True)
        for more in (dict(at=topic, n_subtopic=3), dict(errors=errors))
    ]
    for node in tax.children(tax.children(('red',))[0]):
        tax.remove(node)
    for run in runs:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            assert run.begin().result(20) is tax


def test_a_cell_is_in_the_books_only_when_it_is_whole(monkeypatch):
    "Whoever looks between any two steps of `add_cell` gets an answer"
    looked = []

    def add(ledger, cell, add=Ledger.add):
        for step in (lambda: None, lambda: add(ledger, cell)):
            step()
            looked.append(run.state(cell.id)[0])
            run.asked(cell.id)
            run.short()
            run.shortfall()
            repr(run)
            assert len(run.frame) == len(run.texts([cell.id])) == len(run.dropped) == 0

    monkeypatch.setattr(Ledger, 'add', add)
    run = text_run(TASK, TextOptions(n_record_to_generate=N, model=Writer(0), cache=':memory:'))
    complete(run.begin().result(20), run)
    assert looked == ['waiting'] * len(looked) and len(looked) == 2 * len(run.taxonomy.cells())
