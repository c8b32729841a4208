"A cell that wants many texts: several requests at a time, the same rows in whatever order answers come, nothing twice"

import asyncio
import json
import random
import time
from collections import Counter

import pandas as pd
import pytest
from fakes import Writer
from helpers import TASK, check_exact

from syngen_nb import Cache, Model, ModelError, ShortWarning, Task, generate, start

PAIR = Task('Sort notes by what they are about', ['Sea', 'Land'])
ONE_CELL = dict(n_source_type=1, n_topic=1, n_subtopic=1)  # For each label
WORDS = [f'{a}{b}{c}' for a in 'bdfgklmnprst' for b in 'aeiou' for c in ('ber', 'dle', 'gent', 'mond', 'ster', 'ton')]


class Unsteady(Model):
    "Answers after a time that is drawn by chance, what it answers by the request alone"

    name = 'own/unsteady'

    def __init__(self, luck=0, seconds=0.002, fails=()):
        self.chance = random.Random(luck)
        self.seconds = seconds
        self.fails = set(fails)  # Numbers of the requests that fail
        self.asked = self.busy = self.most = 0
        self.prompts_sent = Counter()

    async def ask(self, request):
        self.asked += 1
        if self.asked in self.fails:
            raise ModelError('a hiccup', 'server')
        self.prompts_sent[request.prompt, request.seed] += 1
        self.busy += 1
        self.most = max(self.most, self.busy)
        await asyncio.sleep(self.seconds * self.chance.random())
        self.busy -= 1
        rng = random.Random(f'{request.prompt}{request.seed}')
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        n = items['minItems'] - (rng.random() < 0.2 and items['minItems'] > 1)
        return json.dumps([{key: ' '.join(rng.choices(WORDS, k=12))} for _ in range(n)])


def rows(model, cache, n=400, **options):
    return generate(PAIR, n, **ONE_CELL, model=model, cache=cache, progress=False, **options)


def test_many_at_a_time_and_the_same_rows(tmp_path):
    "Two cells keep far more than two requests on their way; luck does not show in the rows; a replay has them all"
    first = Unsteady(luck=1)
    frames = [rows(first, tmp_path / 'a.sqlite'), rows(Unsteady(luck=2), tmp_path / 'b.sqlite')]
    check_exact(frames[0], 400, PAIR)
    assert first.most > 10
    pd.testing.assert_frame_equal(*frames)
    cache = Cache(tmp_path / 'a.sqlite')
    cache.forget_outcomes()
    again = Unsteady()
    pd.testing.assert_frame_equal(rows(again, cache), frames[0])
    assert again.asked == 0
    assert max(first.prompts_sent.values()) == 1


class Declines(Unsteady):
    "Declines some draws of one label, at once and always"

    async def ask(self, request):
        if 'with the label "Sea"' in request.prompt and request.seed % 9 == 0:
            self.asked += 1
            raise ModelError('The prompt was filtered', 'request')
        return await super().ask(request)


def test_a_draw_that_always_fails_ends_its_cell(tmp_path):
    "Those behind it come at once from the cache or a recording, and do not bring it up again and again"
    model = Declines()
    cache = Cache(tmp_path / 'c.sqlite')
    with pytest.warns(ShortWarning, match='was filtered'):
        df = rows(model, cache)
    assert 20 < (df.label == 'Sea').sum() < 200 == (df.label == 'Land').sum()
    assert model.asked < 120
    cache.export(tmp_path / 'r.jsonl')
    with pytest.warns(ShortWarning, match='is not in the recording'):
        pd.testing.assert_frame_equal(rows(model, Cache.replay(tmp_path / 'r.jsonl')), df)


def test_few_texts_are_asked_for_one_after_the_other():
    "Below twenty texts each request knows all texts before it"
    model = Unsteady()
    rows(model, ':memory:', n=50)
    assert model.most == 2


def test_little_is_asked_in_vain():
    "Draws ahead never ask for more texts than are missing"
    model = Unsteady()
    rows(model, ':memory:')
    assert model.asked <= 4 + 1.35 * 400 / 5


@pytest.fixture(scope='module')
def whole():
    "The rows of a run that nobody stopped"
    return rows(Unsteady(), ':memory:', n=200)


@pytest.mark.parametrize('n_steps', [3, 9, 20])
def test_a_stop_in_the_middle(tmp_path, n_steps, whole):
    "After a stop the rows are those of a run without one, and no answer that was kept is asked for again"
    model = Unsteady(seconds=0.01)
    cache = Cache(tmp_path / 'c.sqlite')
    run = start(PAIR, 200, **ONE_CELL, model=model, cache=cache)
    while model.asked < 10 + n_steps and not run.done:
        time.sleep(0.002)
    run.stop()
    run.result()
    time.sleep(0.05)  # What was on its way is kept
    n_kept, asked = len(cache), model.asked
    assert n_kept <= asked
    df = run.resume().result()
    check_exact(df, 200, PAIR)
    pd.testing.assert_frame_equal(df, whole)
    assert len(cache) == model.asked  # Each answer is in the cache once
    run = start(PAIR, 200, **ONE_CELL, model=model, cache=cache)
    pd.testing.assert_frame_equal(run.result(), df)


def test_a_call_that_goes_on_asks_the_same(tmp_path, whole):
    "A kernel that dies between any two answers: the next call sends the prompts that it would have sent"
    cache = Cache(tmp_path / 'c.sqlite')
    for n_steps in (4, 11, 9, 17):
        model = Unsteady(luck=n_steps)
        run = start(PAIR, 200, **ONE_CELL, model=model, cache=cache)
        while model.asked < n_steps and not run.done:
            time.sleep(0.001)
        run.stop()
        run.result()  # Somebody looks, which must not change what is sent
    pd.testing.assert_frame_equal(rows(Unsteady(), cache, n=200), whole)


class Hiccups(Unsteady):
    "Refuses some requests when they come for the first time"

    def __init__(self, share):
        super().__init__()
        self.share, self.refused = share, set()

    async def ask(self, request):
        what = request.prompt, request.seed
        if what not in self.refused and random.Random(repr(what)).random() < self.share:
            self.refused.add(what)
            raise ModelError('a hiccup', 'request')
        return await super().ask(request)


def test_a_draw_that_fails_once_changes_nothing(whole):
    "It is asked for again in its place, so the prompts and the rows are those of a run without failures"
    model = Hiccups(share=0.15)
    pd.testing.assert_frame_equal(rows(model, ':memory:', n=200), whole)
    assert model.refused and max(model.prompts_sent.values()) == 1


def test_requests_that_fail(tmp_path):
    "A draw that fails is asked for again in its place, and nothing is named as failed"
    model = Unsteady(fails=range(20, 100, 13))
    df = rows(model, tmp_path / 'c.sqlite')
    check_exact(df, 400, PAIR)
    assert run_errors(model, tmp_path) == []


def run_errors(model, folder):
    cache = Cache(folder / 'c.sqlite')
    cache.forget_outcomes()
    run = start(PAIR, 400, **ONE_CELL, model=model, cache=cache)
    run.result()
    return run.errors


@pytest.mark.filterwarnings('ignore')
def test_all_requests_fail_at_once(tmp_path):
    "A server that goes away ends the run or leaves it short, and the next call goes on"
    model = Unsteady(fails=range(30, 10_000))
    try:
        assert len(rows(model, tmp_path / 'c.sqlite')) < 400
    except ModelError as error:
        assert 'a hiccup' in str(error)
    model.fails = set()
    check_exact(rows(model, tmp_path / 'c.sqlite'), 400, PAIR)


@pytest.mark.filterwarnings('ignore')
def test_a_cell_that_dries_up():
    "A model that knows sixty texts: the cell is given up, and says how many there are"

    class Sixty(Unsteady):
        async def ask(self, request):
            if 'text' not in json.dumps(request.schema):
                return await super().ask(request)
            self.asked += 1
            await asyncio.sleep(self.seconds * self.chance.random())
            n = request.schema['properties']['items']['minItems']
            known = [' '.join(random.Random(i).choices(WORDS, k=12)) for i in range(60)]
            return json.dumps([dict(text=text) for text in self.chance.choices(known, k=n)])

    model = Sixty()
    run = start(PAIR, 400, **ONE_CELL, model=model, cache=':memory:')
    df = run.result()
    assert 40 <= len(df) <= 60 and df.text.is_unique
    assert model.asked < 400


def test_checks_and_filters(tmp_path):
    "Texts that a judge or a filter rejects are written again, as in small cells"
    options = dict(model=Writer(logprobs=20), verify='drop', progress=False, **ONE_CELL)
    df = generate(TASK, 150, cache=tmp_path / 'c.sqlite', **options)
    check_exact(df, 150)
    cache = Cache(tmp_path / 'c.sqlite')
    cache.forget_outcomes()
    pd.testing.assert_frame_equal(generate(TASK, 150, cache=cache, **options), df)
