"Exactly N rows, whatever the server does"

import warnings
from collections import Counter

import pytest
from fake_server import serve
from helpers import TASK, check_exact, openai

from syngen_nb import Cache, generate, grow
from syngen_nb.run import ShortWarning

# Of one text asked for, five of these leave nothing: .19 of the answers, so that a cell in 20,000 has six such in a row.
FAULTS = {
    '429': 0.06,
    '500': 0.03,
    'broken': 0.08,
    'truncated': 0.04,
    'short': 0.04,
    'long': 0.08,
    'repeated': 0.04,
    'bad_item': 0.04,
    'empty': 0.03,
    'close': 0.02,
}


@pytest.mark.parametrize('n', [7, 101, 400])
def test_exact_under_faults(n, cache):
    "N rows through every fault; the re-run asks nothing and is identical"
    with serve(faults=FAULTS, seed=n) as s, warnings.catch_warnings():
        warnings.simplefilter('error', ShortWarning)
        df = generate(TASK, n, model=openai(s), cache=cache, progress=False)
        check_exact(df, n)
        asked = s.count
        again = generate(TASK, n, model=openai(s), cache=cache, progress=False)
        assert s.count == asked and again.equals(df) and again.attrs['syngen']['usage']['requests'] == 0
        if n == 400:
            assert {r['fault'] for r in s.requests()} >= set(FAULTS)  # each did happen


@pytest.mark.parametrize('fault', ['short', 'long', 'repeated', 'truncated', 'broken', 'bad_item', 'empty'])
def test_exact_under_each_fault(fault, cache):
    "One fault in every second answer, and still N"
    with serve(faults={fault: 0.5}, seed=2) as s:
        check_exact(generate(TASK, 60, model=openai(s), cache=cache, progress=False, rounds=12), 60)


def test_same_whatever_the_order(cache, tmp_path):
    "The same answers give the same frame, one at a time or sixteen at once, from the file or from its recording"
    with serve(faults=dict(short=0.1, repeated=0.1, truncated=0.05), latency=0.01) as s:
        df = generate(TASK, 101, model=openai(s), cache=cache, progress=False)
        asked = s.count
        Cache(cache).export(tmp_path / 'r.jsonl')
        for c in (cache, Cache.replay(tmp_path / 'r.jsonl')):
            for k in (1, 3, 16):
                assert generate(TASK, 101, model=openai(s, concurrency=k), cache=c, progress=False).equals(df)
        assert s.count == asked


def test_half_a_cache_in_another_order(tmp_path):
    "Answers that come in another order, most of them from the cache, give the same frame as far as they are the same answers"
    import asyncio
    import json
    import random

    from syngen_nb import Model

    class Own(Model):
        "Always the same answer to the same request, after another time each time"

        name, concurrency = 'own/x', 8

        def __init__(self, seed):
            self.rng = random.Random(seed)

        async def ask(self, req):
            await asyncio.sleep(self.rng.random() / 100)
            arr = req.schema['properties']['items']
            (key,) = arr['items']['properties']
            rng = random.Random(req.prompt + str(req.seed))
            n = rng.randint(0, arr['maxItems'] + 1)  # too few and too many
            return json.dumps(
                dict(items=[{key: f'{key} number {rng.randrange(10**9 if key != "text" else 400)}'} for _ in range(n)])
            )

    first = generate(TASK, 101, model=Own(1), cache=tmp_path / '0.sqlite', progress=False)
    check_exact(first, 101, cells=False)
    for seed in (2, 3, 4):
        assert generate(TASK, 101, model=Own(seed), cache=tmp_path / f'{seed}.sqlite', progress=False).equals(first)


def test_a_server_that_repeats_itself(cache):
    "Fewer rows, a warning that names cells, and an end: not more requests than cells times rounds allow"
    tax_cache = cache
    with serve() as s:
        tax = grow(TASK, 2, 2, 1, model=openai(s), cache=tax_cache, progress=False)
    with serve(faults=dict(repeated=1)) as s:
        with pytest.warns(ShortWarning) as w:
            df = generate(tax, 60, model=openai(s), cache=cache, progress=False, rounds=3)
        assert 0 < len(df) < 60 and df.text.is_unique
        cells = tax.cells()
        short = {o['cell'] for o in df.attrs['syngen']['shortfall']}
        have = Counter(df.cell)
        assert {' · '.join(tax.path(o)) for o in cells if have[o.id] < 5} <= short
        (said,) = [str(o.message) for o in w if o.category is ShortWarning]
        assert any(o in said for o in short), said
        assert s.count <= len(cells) * (3 + 1) * 4  # rounds of nothing new after each of the few new ones
        asked = s.count
        with pytest.warns(ShortWarning):
            again = generate(tax, 60, model=openai(s), cache=cache, progress=False, rounds=3)
        assert s.count == asked and again.equals(df)


def test_repeats_from_the_start_ends(cache):
    "Even the tree cannot be had: a warning, an end, unique texts"
    with serve(faults=dict(repeated=1)) as s:
        with pytest.warns(ShortWarning):
            df = generate(TASK, 101, model=openai(s), cache=cache, progress=False, rounds=3)
        assert df.text.is_unique and len(df) < 101 and s.count < 400


def test_turned_down_cell(cache):
    "A cell that the provider turns down is named; its label still gets its rows from the others"
    with serve() as s:
        tax = grow(TASK, 2, 2, 2, model=openai(s), cache=cache, progress=False)
    bad = tax.cells()[3]
    with serve(fail_match=f'Subtopic: {bad.name}\n') as s:
        with pytest.warns(ShortWarning, match=bad.name):
            df = generate(tax, 72, model=openai(s), cache=cache, progress=False)
        (short,) = df.attrs['syngen']['shortfall']
        assert (
            bad.name in short['cell'] and short['got'] == 0 and short['want'] == 3 and 'turned down' in short['error']
        )
        assert bad.id not in set(df.cell)
        check_exact(df, 72, cells=False)
        sizes = df[df.label != 'Sea'].cell.value_counts()
        assert set(sizes) == {3} and len(sizes) == 16


def test_turned_down_label(cache):
    "A label that the provider turns down is short and named, never filled with others; the other labels are complete"
    with serve(fail_match='with the label "Land"') as s:
        with pytest.warns(ShortWarning, match='Land'):
            df = generate(TASK, 45, model=openai(s), cache=cache, progress=False)
        assert dict(df.label.value_counts()) == dict(Sea=15, Land=0, Air=15)
        assert all(o['cell'].startswith('Land') for o in df.attrs['syngen']['shortfall'])


def test_turned_down_topics(cache):
    "A label whose topics cannot be had is named"
    with serve(fail_match='labelled "Land"') as s:
        with pytest.warns(ShortWarning, match='Land'):
            df = generate(TASK, 45, model=openai(s), cache=cache, progress=False)
        assert dict(df.label.value_counts()) == dict(Sea=15, Land=0, Air=15)
