"How far a run says it is, and how long it says the rest takes: both must be what a person would measure."

import asyncio
import io
import json
import random
import threading
import time
import warnings
from contextlib import redirect_stderr

import pytest
from fakes import Writer
from helpers import TASK

from syngen_nb import Judge, Model, Task, generate, start, start_grow
from syngen_nb.cache import Cache
from syngen_nb.checks import verify_run
from syngen_nb.generate import text_run
from syngen_nb.models import Answer
from syngen_nb.options import TextOptions

LABELS = ['Sea', 'Land', 'Air']


class Paced(Model):
    "Takes a set time for names, texts and checks, and reads some texts as the wrong label."

    name, concurrency = 'fake/paced', 4

    def __init__(self, text=0.02, check=0.02, names=0.02, wrong=0.0, logprobs=0):
        self.seconds = dict(text=text, check=check, names=names)
        self.pace = (check, 90 / text)
        self.wrong, self.logprobs = wrong, logprobs

    async def ask(self, request):
        rng = random.Random(f'{request.prompt}{request.seed}')
        if request.schema is None or request.schema.get('type') != 'object':
            await asyncio.sleep(self.seconds['check'])
            return self.judge(request, rng)
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        await asyncio.sleep(
            self.seconds['text' if key == 'text' else 'names'] * (items['minItems'] if key == 'text' else 1)
        )
        label = next((name for name in LABELS if f'"{name}"' in request.prompt or name in request.prompt), 'Sea')
        made = [self.say(key, label, rng) for _ in range(items['minItems'])]
        return json.dumps({'items': [{key: words} for words in made]})

    def say(self, key, label, rng):
        words = ' '.join(rng.choices('amber anchor apple arrow autumn bakery bamboo barrel basket beacon'.split(), k=9))
        return f'{words} {rng.random()}' if key == 'text' else words

    def judge(self, request, rng):
        marks = [line.partition('. ')[0] for line in request.prompt.splitlines() if line[1:3] == '. ']
        return Answer(rng.choice(marks) if rng.random() < self.wrong else marks[0], 10, 1)


def watch(run, pause=0.01):
    "Return what a run says of itself, with the time of each look, until it has ended."
    run.begin()
    began, seen = time.monotonic(), []
    while not run.done:
        seen.append((time.monotonic() - began, run.progress()))
        time.sleep(pause)
    return seen, time.monotonic() - began


def is_at_work(seen):
    "Return whether no look but the last ones says that all is done, and whether the bar never goes back."
    shares = [progress['work'] for _, progress in seen]
    return max(shares) < 1 and shares == sorted(shares)


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield


def test_rows_wait_for_their_checks():
    "A row counts once it is accepted: while labels are checked no row is done, and the bar is not full."
    run = start(TASK, 30, model=Paced(wrong=0.2), cache=':memory:', verify='drop', filters=False)
    seen, _ = watch(run)
    assert run.progress()['done'] == len(run.frame) and run.progress()['work'] == 1.0
    checking = [p for _, p in seen if 0 < p['stages'].get('checks', (0, 0))[0] < 30]
    assert checking and checking[0]['done'] == 0
    assert any(p['stages']['texts'] == (30, 30) for p in checking)  # The rows were full, as they were counted once
    assert is_at_work(seen)


@pytest.mark.parametrize(('policy', 'votes'), [('keep', 1), ('keep', 3), ('drop', 3)])
def test_votes_are_work(policy, votes):
    "Three votes for each text take three times as long, and the bar knows it."
    judge = Judge(policy, votes=votes)
    seen, seconds = watch(
        start(TASK, 24, model=Paced(text=0.002, check=0.03), cache=':memory:', verify=judge, filters=False)
    )
    assert is_at_work(seen)
    middle = [p['work'] for at, p in seen if 0.45 < at / seconds < 0.55]
    assert middle and all(share < 0.75 for share in middle), middle


def test_the_bar_moves_while_the_tree_grows():
    "A slow tree is work as well."
    seen, seconds = watch(start(TASK, 30, model=Paced(names=0.06, text=0.002), cache=':memory:', filters=False))
    growing = [p for _, p in seen if not p['stages']['texts'][0]]
    assert max(p['work'] for p in growing) > 0.3 and is_at_work(seen)


def test_time_left_is_that_of_each_stage():
    "Texts take long and checks do not, or the other way round: the end is where it was said to be."
    for model in (Paced(text=0.05, check=0.01), Paced(text=0.005, check=0.03)):
        seen, seconds = watch(start(TASK, 40, model=model, cache=':memory:', verify='keep', filters=False))
        said = [(at + p['seconds'], at) for at, p in seen if p['seconds'] and at > 0.6 * seconds]
        assert said and all(0.6 * seconds < end < 1.7 * seconds for end, at in said), (seconds, said)
        assert is_at_work(seen)


def test_no_time_left_before_an_answer_and_at_the_end():
    run = start(TASK, 30, model=Paced(names=0.15), cache=':memory:', filters=False)
    time.sleep(0.1)
    progress = run.progress()
    run.stop()
    assert progress['seconds'] is None and progress['doing'] == 'waiting for the first answer'
    run.resume().result()
    assert run.progress()['seconds'] is None and run.progress()['doing'] == ''


def test_a_model_says_what_it_does_at_first():
    "The time in which a model is loaded is no time of a text."

    class Loaded(Paced):
        async def ask(self, request):
            if not self.ready_at:
                self.doing = 'loading the model, 1.1 GB'
                await asyncio.sleep(0.5)
                self.doing, self.ready_at = '', time.monotonic()
            return await super().ask(request)

    seen, _ = watch(start(TASK, 30, model=Loaded(names=0.01, text=0.01), cache=':memory:', filters=False))
    assert 'loading the model, 1.1 GB' in {p['doing'] for _, p in seen}
    assert max(p['seconds'] or 0 for _, p in seen) < 2


def test_verify_counts_whole_texts():
    "A text is checked once all its votes are in."
    df = generate(TASK, 12, model=Writer(), cache=':memory:', progress=False)
    run = verify_run(df, TASK, Judge('keep', votes=3), Paced(), Cache(':memory:'))
    seen, _ = watch(run)
    assert is_at_work(seen)
    halves = [p for _, p in seen if 0 < p['work'] < 0.3]
    assert halves and all(p['done'] == 0 for p in halves)
    assert run.progress()['done'] == 12


def test_growing_counts_lists():
    seen, seconds = watch(start_grow(TASK, 2, 3, 2, model=Paced(names=0.05), cache=':memory:'))
    assert is_at_work(seen) and seen[-1][1]['work'] > 0.6


def test_bar_of_generate():
    "tqdm says the same: it moves while the tree grows, and is full only at the end."
    said = io.StringIO()
    with redirect_stderr(said):
        generate(TASK, 30, model=Paced(names=0.2, text=0.01, check=0.01), cache=':memory:', verify=True, filters=False)
    lines = [line for line in said.getvalue().replace('\n', '\r').split('\r') if '%' in line]
    shares = [int(line.partition('%')[0].split()[-1]) for line in lines]
    assert shares == sorted(shares) and shares[-1] == 100
    growing = [share for line, share in zip(lines, shares) if ' 0 of 30 rows' in line]
    assert max(growing) > 20
    assert '30 of 30 rows' in lines[-1] and 'price not known' in lines[-1]
    assert any('waiting for the first answer' in line for line in lines)


def test_a_call_that_goes_on_counts_what_is_cached():
    "The second call finds a half in the cache; what it says is left is the time of the other half."
    cache = Cache(':memory:')
    generate(TASK, 30, model=Paced(), cache=cache, filters=False, progress=False)
    seen, seconds = watch(start(TASK, 60, model=Paced(text=0.05), cache=cache, filters=False))
    said = [at + p['seconds'] for at, p in seen if p['seconds'] and at > 0.5 * seconds]
    assert said and max(said) < 2 * seconds and is_at_work(seen)  # A busy machine makes short waits longer


def test_the_states_of_cells_add_up_to_the_texts_of_the_run():
    "A text that is turned down is no longer counted for its cell, and those who watch are told of that cell"
    tax = start_grow(TASK, 2, 2, 1, model=Writer(), cache=':memory:').result()
    cells = [cell.id for cell in tax.cells()]
    run = start(tax, 24, model=Writer(), cache=':memory:', verify=True)
    told, wrong = {}, []

    def look(ids):
        told.update({id: run.state(id)[1] for id in ids})
        there = run.progress()['stages']['texts'][0]
        if there != sum(told.get(cell, 0) for cell in cells):
            wrong.append((there, dict(told)))

    run.watch(look)
    rows = run.result().groupby('cell', observed=True).size()
    assert run.usage.dropped and not wrong
    assert [run.state(cell)[1] for cell in cells] == [rows.get(cell, 0) for cell in cells]


def test_work_does_not_go_back_for_whoever_looks():
    "A look that takes long does not put back what another thread was told meanwhile"
    run = text_run(Task('Sort the notes', LABELS), TextOptions(n_record_to_generate=9, cache=':memory:', model=Paced()))
    pace, is_nested = run.workspace.pace, False

    def share(loads, usual):
        nonlocal is_nested
        if is_nested:
            return 0.6
        is_nested = True
        other = threading.Thread(target=lambda: seen.append(run.progress()['work']))
        other.start()
        other.join(10)
        return 0.4

    seen = []
    pace.share = share
    seen.append(run.progress()['work'])
    assert seen == [0.6, 0.6]
