"Filters and checks of labels inside a run"

import json
import math
import random
import threading
import time
import warnings

import numpy as np
import pytest
from fake_server import serve
from helpers import TASK, anthropic, check_exact, needs_llama, openai

from syngen_nb import FILTERS, Cache, Judge, Model, ShortWarning, Task, generate, start, verify
from syngen_nb.duplicates import near_duplicates
from syngen_nb.judge import calibrated, calibration
from syngen_nb.models import Answer, ModelError

WORDS = 'stone lamp garden window paper silver morning thunder apple wagon bridge candle meadow copper velvet orchard signal timber'.split()


class Own(Model):
    "Writes words by what it is asked and the draw, so the same wherever it is asked; reads a text as one label or another by its letters"

    name, logprobs = 'me/own', 20

    def __init__(self):
        self.asked, self.lock = 0, threading.Lock()

    async def ask(self, req):
        with self.lock:
            self.asked += 1
        if req.logprobs or 'Answer with its mark only' in req.prompt:
            return self.judge(req)
        arr = req.schema['properties']['items']
        (key,) = arr['items']['properties']
        rng = random.Random(f'{req.prompt}{req.seed}')
        return json.dumps(
            dict(
                items=[{key: ' '.join(rng.choices(WORDS, k=9 if key == 'text' else 3))} for _ in range(arr['maxItems'])]
            )
        )

    def judge(self, req):
        marks = dict(reversed(o.split('. ', 1)) for o in req.prompt.splitlines() if o[1:3] == '. ')
        text = req.prompt.split('Text:\n')[1].split('\n\nWhich')[0]
        likely = sorted(marks)[sum(map(ord, text)) % len(marks)]
        p = {m: 0.8 if l == likely else 0.2 / (len(marks) - 1) for l, m in marks.items()}
        return Answer(max(p, key=p.get), 1, 1, False, [{k: math.log(v) for k, v in p.items()}])


def unlucky(share):
    def unlucky(text, ctx):
        return 'is unlucky' if random.Random(text).random() < share else ''

    return unlucky


@pytest.mark.parametrize('n', [3, 41, 200])
@pytest.mark.parametrize('share', [0, 0.3, 0.6, 0.9])
def test_exact_however_much_is_dropped(share, n):
    run = start(TASK, n, model=Own(), cache=':memory:', filters=[unlucky(share)], rounds=60)
    df = run.result()
    check_exact(df, n)
    assert not any(unlucky(share)(t, {}) for t in df.text)
    assert (
        set(run.dropped.reason) <= {'is unlucky', 'is a duplicate', 'copies an example'}
        and (share == 0) == ('is unlucky' not in set(run.dropped.reason))
        or n == 3
    )
    assert run.dropped.columns.tolist() == ['text', 'label', 'source_type', 'topic', 'subtopic', 'cell', 'reason']


def test_all_is_dropped():
    "It ends, and says so in the words of the filter"
    with pytest.warns(ShortWarning, match='dropped: is unlucky'):
        df = generate(TASK, 9, model=Own(), cache=':memory:', filters=[unlucky(1)], progress=False)
    assert len(df) == 0


def test_the_model_is_told_why():
    prompts = []

    class Heard(Own):
        async def ask(self, req):
            prompts.append(req.prompt)
            return await super().ask(req)

    run = start(TASK, 30, model=Heard(), cache=':memory:', filters=[unlucky(0.6)])
    run.result()
    told = [p for p in prompts if 'Not accepted, and why' in p]
    assert told and all('(is unlucky)' in p.split('Not accepted, and why')[1] for p in told)


class Alike(Own):
    "Begins some of its texts alike"

    def __init__(self, share):
        super().__init__()
        self.share = share

    async def ask(self, req):
        a = await super().ask(req)
        if isinstance(a, Answer):
            return a
        items = json.loads(a)
        for o in items['items']:
            if 'text' in o and random.Random(o['text']).random() < self.share:
                o['text'] = 'wow this film was ' + o['text']
        return json.dumps(items)


@pytest.mark.parametrize('rounds', [1, 6])
@pytest.mark.parametrize('n, share, most', [(60, 0.12, 1), (400, 0.12, 2), (60, 1, 60), (60, 0.4, 15)])
def test_openings(n, share, most, rounds):
    "One text in 200 may begin like others, at least one; if a fifth do, all may"
    run = start(TASK, n, model=Alike(share), cache=':memory:', rounds=rounds)
    df = run.result()
    check_exact(df, n)
    alike = df.text.str.startswith('wow this film was').sum()
    assert alike == most if share < 0.2 and rounds > 1 else alike >= most
    assert ('begins like others' in set(run.dropped.reason)) == (share < 0.2)
    assert (
        run.usage.dropped
        == len(run.dropped)
        == sum(df.attrs['syngen']['dropped'].values())
        == df.attrs['syngen']['usage']['dropped']
    )
    if share == 1:
        assert (
            run.usage.requests
            == generate(TASK, n, model=Own(), cache=':memory:', progress=False).attrs['syngen']['usage']['requests']
        )
    free = generate(
        TASK, n, model=Alike(share), cache=':memory:', filters=[o for o in FILTERS if o != 'opening'], progress=False
    )
    assert free.text.str.startswith('wow this film was').sum() > most or share > 0.2


def test_a_cell_that_always_begins_alike():
    "It is not given up for that, nor are there fewer rows"

    class Some(Own):
        async def ask(self, req):
            a = json.loads(await super().ask(req))
            alike = (
                'Subtopic: ' in req.prompt
                and sum(map(ord, req.prompt.split('Subtopic: ')[1].splitlines()[0])) % 12 == 0
            )
            for o in a['items'] if alike else ():
                o['text'] = 'wow this film was ' + o['text']
            return json.dumps(a)

    df = generate(TASK, 300, model=Some(), cache=':memory:', progress=False)
    check_exact(df, 300)
    alike = df.text.str.startswith('wow')
    assert 1 < alike.sum() < 60 and df[~alike].cell.nunique() > 100


@pytest.mark.parametrize('judge', [None, True, 'keep', 'relabel'])
def test_same_again_whatever_the_order(judge, tmp_path):
    "With answers in any order, on two caches and from the cache"

    class Jitter(Alike):
        async def ask(self, req):
            import asyncio

            await asyncio.sleep(random.random() * 0.02)
            return await super().ask(req)

    frames, m = [], Jitter(0.3)
    for c in ('a', 'b', 'b'):
        before = m.asked
        frames.append(
            generate(
                TASK,
                60,
                model=m,
                cache=tmp_path / c,
                verify=judge,
                filters=[unlucky(0.3), 'near_duplicate', 'opening'],
                progress=False,
                rounds=20,
            )
        )
    assert m.asked == before  # the last one asked nothing
    assert frames[0].equals(frames[1]) and frames[1].equals(frames[2])
    assert len(frames[0]) == 60


def test_checked_labels_are_the_labels():
    run = start(TASK, 60, model=Own(), cache=':memory:', verify=True, rounds=30)
    df = run.result()
    assert df.label.value_counts().tolist() == [20] * 3
    assert (df.label == df.checked_label).all() and df.confidence.between(1 / 3, 1).all()
    assert df.attrs['syngen']['verify'] == dict(policy='drop', model='me/own', odds=1.5)
    assert run.dropped.reason.str.startswith('reads like').any()


@pytest.mark.parametrize(
    'odds, out',
    [
        (2, set()),
        (1, {'reads like "Sea"', 'reads like "Land"', 'reads like "Air"'}),
        (0.5, {f'{w} "{o}"' for w in ('reads like', 'is not clearly') for o in ('Sea', 'Land', 'Air')}),
    ],
)
def test_odds(odds, out):
    "A judge that is never sure: the label it reads is 1.6 times as likely as the others"

    class Unsure(Own):
        def judge(self, req):
            a = super().judge(req)
            a.logprobs = [{m: math.log(0.8 if p > -1 else 0.5) for m, p in a.logprobs[0].items()}]
            return a

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ShortWarning)
        run = start(TASK, 30, model=Unsure(), cache=':memory:', verify=Judge(odds=odds))
        df = run.result()
    assert {o for o in run.dropped.reason if 'like' in o or 'clearly' in o} - {'begins like others'} == out
    assert len(df) == (0 if odds < 1 else 30)
    if odds == 2:
        assert (df.label != df.checked_label).any()  # said, not acted on
    if odds == 1:
        assert (df.label == df.checked_label).all()


def test_odds_that_cannot_be():
    for o in (0, -1, float('inf'), True, '2'):
        with pytest.raises(ValueError, match='odds must be a number above 0'):
            Judge(odds=o)


def test_logprobs_through_the_sdk(cache):
    with serve() as s:
        df = generate(TASK, 30, model=openai(s), cache=cache, verify='keep', progress=False)
        checks = [o for o in s.requests() if 'Answer with its mark only' in o['prompt']]
        assert len(checks) == 30
        asked = s.count
        again = generate(TASK, 30, model=openai(s), cache=cache, verify='keep', progress=False)
        assert again.equals(df) and s.count == asked
    assert df.confidence.notna().all() and not (df.label == df.checked_label).all()
    assert not any('Sea' in o['prompt'].split('Text:\n')[1].split('\n\nWhich')[0] for o in checks)


def test_votes_where_there_are_no_logprobs(cache):
    "A server that refuses log-probabilities, and Anthropic, which has none"
    with serve(no_logprobs=True) as s:
        df = generate(TASK, 9, model=openai(s, concurrency=1), cache=cache, verify='keep', progress=False)
        checks = [o for o in s.requests() if 'Answer with its mark only' in o['prompt'] and o['status'] == 200]
        assert len(checks) == 3 * 9 and df.confidence.notna().all()
        assert len({o['prompt'] for o in checks}) == 3 * 9  # the labels in another order each time
    with serve() as s:
        df = generate(TASK, 9, model=anthropic(s), cache=cache, verify=Judge('keep', votes=2), progress=False)
        assert (
            sum('Answer with its mark only' in o['prompt'] for o in s.requests()) == 2 * 9
            and df.confidence.notna().all()
        )


def test_another_judge(cache):
    "Its requests are sent to it, and a wrong key of its own stops the run in the provider's words"
    with serve() as s, serve(auth='right') as closed:
        df = generate(TASK, 9, model=Own(), cache=cache, verify=Judge('keep', openai(s)), progress=False)
        assert s.count == 9 and df.attrs['syngen']['verify']['model'] == 'openai/fake'
        with pytest.raises(ModelError, match='Incorrect API key'):
            generate(TASK, 9, model=Own(), cache=cache, verify=Judge(model=openai(closed)), progress=False)


def test_a_judge_that_mumbles():
    "Texts it says nothing readable of are kept, without a checked label, and named"

    class Mumbles(Own):
        def judge(self, req):
            return 'hm'

    with pytest.warns(ShortWarning, match='checks'):
        df = generate(TASK, 9, model=Mumbles(), cache=':memory:', verify=True, progress=False)
    assert len(df) == 9 and df.checked_label.isna().all() and df.confidence.isna().all()


def test_a_server_that_repeats_itself(cache):
    "With every filter on: N exact or the shortfall named, and it ends"
    with (
        serve(faults=dict(repeated=0.7, truncated=0.1, bad_item=0.1)) as s,
        warnings.catch_warnings(record=True) as said,
    ):
        warnings.simplefilter('always')
        df = generate(TASK, 60, model=openai(s), cache=cache, verify=True, progress=False)
    assert len(df) == 60 or any(o.category is ShortWarning for o in said)
    assert len(near_duplicates(df.text)) == len(df) and set(near_duplicates(df.text)) == {-1}


def test_one_text_only(cache):
    class Parrot(Own):
        async def ask(self, req):
            if 'text' not in req.schema['properties']['items']['items']['properties']:
                return await super().ask(req)
            return json.dumps(dict(items=[dict(text='Always the very same words again and again')] * 5))

    with pytest.warns(ShortWarning):
        df = generate(TASK, 60, model=Parrot(), cache=cache, progress=False)
    assert len(df) == 1 and df.attrs['syngen']['n_short'] > 0


def test_stop_while_checking(cache):
    "What was checked is not checked again"

    class Slow(Own):
        concurrency = 4

        async def ask(self, req):
            import asyncio

            if 'Answer with its mark only' in req.prompt:
                await asyncio.sleep(0.02)
            return await super().ask(req)

    m = Slow()
    run = start(TASK, 60, model=m, cache=cache, verify=True, rounds=30)
    while run.progress()['stages'].get('checks', (0, 0))[0] < 10:
        time.sleep(0.005)
    run.stop()
    run.result()
    assert run.status == 'stopped'
    df = run.resume().result()
    asked, fresh = m.asked, Own()
    assert (
        df.equals(generate(TASK, 60, model=fresh, cache=':memory:', verify=True, progress=False, rounds=30))
        and asked <= fresh.asked + 4
    )


def test_many_labels_and_odd_names():
    "More labels than letters; names that begin alike or are patterns"
    names = [f'a{i:02}(+)' for i in range(30)]
    task = Task('Sort', names)

    class Marks(Own):
        def judge(self, req):
            line = next(o for o in req.prompt.splitlines() if o.endswith('. a07(+)'))
            return line.split('. ')[0]

    import pandas as pd

    df = verify(
        pd.DataFrame(dict(text=['x y z', 'k l m'], label=['a07(+)', 'a01(+)'])),
        task,
        model=Marks(),
        cache=':memory:',
        progress=False,
    )
    assert df.checked_label.tolist() == ['a07(+)'] * 2


def test_calibration_does_not_let_a_bias_decide():
    "A judge that always prefers one label, a little less where it is wrong, is right once calibrated"
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    odds = np.exp(2 + np.where(y == 1, 1, -1) + rng.normal(0, 0.3, 400))  # always for label 1
    p = np.stack([1 / (1 + odds), odds / (1 + odds)], 1)
    assert (p.argmax(1) == 1).mean() > 0.99
    assert (calibrated(p, calibration(p, y)).argmax(1) == y).mean() > 0.98


@needs_llama
def test_the_embedded_model_judges(own_home):
    import pandas as pd

    good = [
        'A lovely film.',
        'I laughed all the way, what a joy!',
        'Great cast and a moving end.',
        'The best film of the year.',
        'Wonderful music, I want to see it again.',
        'Clever, warm and funny.',
        'I loved every minute.',
        'A masterpiece.',
    ]
    bad = [
        'A dull film.',
        'I fell asleep, what a bore!',
        'Weak cast and a silly end.',
        'The worst film of the year.',
        'Terrible music, I left early.',
        'Stupid, cold and slow.',
        'I hated every minute.',
        'A waste of time.',
    ]
    df = pd.DataFrame(
        [(t, l) for l, ts in dict(positive=good, negative=bad).items() for t in ts], columns=['text', 'label']
    )
    out = verify(
        df,
        Task('Classify the sentiment of a movie review', ['negative', 'positive']),
        model='local/small',
        cache=':memory:',
        progress=False,
    )
    assert (out.label == out.checked_label.astype(str)).sum() >= 12 and out.confidence.between(0.5, 1).all()
    long = pd.DataFrame(
        dict(
            text=['I hated it. ' + '很长的故事。' * 2000, 'I loved it. ' + 'So it went on. ' * 2000],
            label=['negative', 'positive'],
        )
    )
    assert (
        verify(
            long,
            Task('Classify the sentiment of a movie review', ['negative', 'positive']),
            model='local/small',
            cache=':memory:',
            progress=False,
        )
        .checked_label.notna()
        .all()
    )


def test_unknown_filters_and_judges():
    for kw in (dict(filters='nope'), dict(filters=5), dict(verify='perhaps'), dict(verify=Judge)):
        with pytest.raises(ValueError):
            generate(TASK, 6, model=Own(), cache=':memory:', **kw)


def test_looking_on_changes_nothing(tmp_path):
    "What is asked does not depend on who looks at the frame meanwhile"

    class Alike(Own):
        async def ask(self, req):
            import asyncio

            await asyncio.sleep(random.random() * 0.02)
            arr = req.schema['properties']['items']
            (key,) = arr['items']['properties']
            rng = random.Random(f'{req.prompt}{req.seed}')
            return json.dumps(
                dict(
                    items=[
                        {
                            key: ' '.join(
                                [*WORDS[:9], rng.choice(WORDS), rng.choice(WORDS)]
                                if key == 'text' and rng.random() < 0.3
                                else rng.choices(WORDS, k=9)
                            )
                        }
                        for _ in range(arr['maxItems'])
                    ]
                )
            )

    asked, frames = [], []
    for look in (False, True):
        c = Cache(tmp_path / f'{look}.sqlite')
        run = start(
            TASK, n_source_type=1, n_topic=1, n_subtopic=2, sample_per_subtopic=15, model=Alike(), cache=c, rounds=20
        )
        while look and not run.done:
            run.frame, run.dropped, run.progress(), time.sleep(0.003)
        frames.append(run.result())
        asked.append(run.usage.requests)
        assert 'is a near-duplicate' in set(run.dropped.reason) and set(near_duplicates(frames[-1].text)) == {-1}
    assert asked[0] == asked[1] and frames[0].equals(frames[1])
