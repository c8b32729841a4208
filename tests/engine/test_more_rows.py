"More rows of the same tree: what is there is not asked for again, and what the guide says about keeping rows holds"

import json
import random

import pandas as pd
import pytest
from fakes import Writer

from syngen_nb import Cache, Judge, Model, Task, start

TASK = Task('Sort the notes', ['first', 'second'])
WORDS = [f'{a}{b}{c}' for a in 'bdfgklmnprst' for b in 'aeiou' for c in ('ber', 'dle', 'gent', 'mond', 'ster', 'ton')]


class Alike(Model):
    "Writes texts that are like others: nearly the same, or with the same beginning; judges at random"

    name = 'own/alike'

    def __init__(self, near=0.0, opening=0.0):
        self.near = near
        self.opening = opening
        self.random = random.Random(0)
        self.asked = 0

    def text(self):
        if self.random.random() < self.near:
            common = ' '.join(random.Random(self.random.randrange(12)).choices(WORDS, k=30))
            return f'{common} {self.random.choice(WORDS)}.'
        begins = 'It was the best of ' if self.random.random() < self.opening else ''
        return begins + ' '.join(self.random.choices(WORDS, k=16)) + '.'

    async def ask(self, request):
        self.asked += 1
        if 'Which of them is it?' in request.prompt:
            return self.random.choice('AAAB')
        items = request.schema['properties']['items']
        (key,) = items['items']['properties']
        make = self.text if key == 'text' else lambda: ' '.join(self.random.choices(WORDS, k=3))
        return json.dumps([{key: make()} for _ in range(items['minItems'])])


@pytest.mark.filterwarnings('ignore')  # Some cells give too little
@pytest.mark.parametrize(
    'model, verify',
    [
        (Alike(near=0.3), None),
        (Alike(opening=0.3), None),
        (Alike(near=0.1), Judge('drop', votes=1)),
        (Writer(logprobs=20), 'relabel'),
    ],
    ids=['near-duplicates', 'openings', 'checks', 'relabel'],
)
def test_every_row_can_be_kept(model, verify):
    "Nothing is asked twice, the same call gives the same rows, and both frames together hold every row once"
    cache = Cache(':memory:')

    def rows(what, n):
        run = start(what, n, model=model, cache=cache, verify=verify)
        return run.taxonomy, run.result(60)

    tree, df = rows(TASK, 20)
    _, larger = rows(tree, 30)
    assert len(larger) == 30
    asked = model.asked
    assert asked == cache.info()['answers']
    assert rows(tree, 30)[1].equals(larger) and rows(tree, 20)[1].equals(df)
    assert model.asked == asked
    every_row = pd.concat([df, larger]).drop_duplicates('text')
    assert every_row.text[:20].tolist() == df.text.tolist() and len(every_row) >= 30


def test_texts_stay_where_no_rule_compares_them():
    "Without the rules that look at all texts, every text of the smaller frame is in the larger one"
    model, cache = Alike(near=0.3, opening=0.3), Cache(':memory:')
    use = dict(model=model, cache=cache, filters=['too_short', 'broken_off'])
    run = start(TASK, 30, **use)
    smaller = run.result(60)
    for n in (31, 60):
        larger = start(run.taxonomy, n, **use).result(60)
        assert len(larger) == n and set(smaller.text) <= set(larger.text)
        smaller = larger
