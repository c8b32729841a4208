"What each text was asked to be like, as columns on request: exact with draws ahead, after a stop, and out of the cache"

import json
import random
import re
import time

import pandas as pd
import pytest
from fake_server import serve
from fakes import Writer, is_check
from helpers import TASK, openai

from syngen_nb import Cache, Model, Task, card, generate, report, split, start
from syngen_nb.prompt_sets import DEFAULT, LOCAL, METHOD, SMALL

PAIR = Task('Sort notes by what they are about', ['Sea', 'Land'])
GUIDED = Task(PAIR.instruction, PAIR.labels, corpus=[f'Note {i} ' + 'of a long day ' * (i % 9) for i in range(40)])
COLUMNS = ['style_length', 'style_voice', 'style_opening']
QUIET = dict(progress=False)


class Echo(Model):
    "Writes into each text what it was asked for; some texts are empty, some are copies, some come on top"

    name = 'own/echo'

    def __init__(self, seconds=0.0):
        self.seconds = seconds
        self.asked = 0

    async def ask(self, request):
        self.asked += 1
        time.sleep(self.seconds)
        rng = random.Random(f'{request.prompt}{request.seed}')
        (key,) = request.schema['properties']['items']['items']['properties']
        n = request.schema['properties']['items']['minItems']
        words = [' '.join(''.join(rng.choices('abcdefghijkl', k=6)) for _ in range(12)) for _ in range(n + 1)]
        if key != 'text':
            return json.dumps([{key: word[:6]} for word in words[:n]])
        styles = re.findall(r'^- (?:Text \d+|The text): (.*)\.$', request.prompt, re.M)
        assert len(styles) == n
        texts = [f'{word} was told to be: {style}' for word, style in zip(words, styles)]
        if rng.random() < 0.3:
            texts[0] = ''
        if rng.random() < 0.3:
            texts[-1] = texts[0]
        if rng.random() < 0.1:
            texts.append(f'{words[n]} was told to be: nothing')
        return json.dumps([{key: text} for text in texts])


def told_and_said(df):
    "What each text was asked to be like, and what its row says of it"
    told = df.text.str.partition(' was told to be: ')[2]
    return told, df[COLUMNS].agg(lambda row: '; '.join(row.dropna()), axis=1)


def check(df):
    "Each row says what its text says, and where a text came unasked nothing"
    assert list(df.columns[-3:]) == COLUMNS
    told, said = told_and_said(df)
    assert (said == told.where(told != 'nothing', '')).all()
    assert (told == 'nothing').any() and (told != 'nothing').sum() > len(df) / 2


def rows(model, cache, what=PAIR, n=300, **options):
    counts = dict(n_source_type=1, n_topic=1, n_subtopic=1)
    return generate(what, n, **counts, model=model, cache=cache, styles=True, **QUIET, **options)


@pytest.mark.parametrize('what', [PAIR, GUIDED], ids=['plain', 'guided'])
def test_columns_say_what_the_requests_said(what, tmp_path):
    "With draws ahead, filters and empty texts; the same out of the cache; without the option nothing else changes"
    df = rows(Echo(), tmp_path / 'c.sqlite', what)
    check(df)
    silent = Echo()
    again = rows(silent, tmp_path / 'c.sqlite', what)
    pd.testing.assert_frame_equal(again, df)
    assert silent.asked == 0
    usual = generate(what, 300, 1, 1, 1, model=silent, cache=tmp_path / 'c.sqlite', **QUIET)
    assert usual.equals(df.drop(columns=COLUMNS)) and silent.asked == 0


def test_answers_of_an_earlier_version_have_no_style(tmp_path):
    "It did not store what it asked for. The texts are the same, and texts that are new have their style"
    df = rows(Echo(), tmp_path / 'new.sqlite')
    path = tmp_path / 'old.jsonl'
    Cache(tmp_path / 'new.sqlite').export(path)
    stored = path.read_text('utf-8')
    path.write_text(re.sub(r', ?"dealt": ?\[\d+, ?\d+\]', '', stored), 'utf-8')
    assert '"dealt"' in stored and '"dealt"' not in path.read_text('utf-8')
    old, model = Cache(tmp_path / 'old.sqlite'), Echo()
    old.load(path)
    again = rows(model, old)
    assert again.text.equals(df.text) and model.asked == 0
    assert list(again) == list(df) and again[COLUMNS].isna().all(axis=None)
    more = rows(model, old, n=340)
    new = more[more[COLUMNS].notna().any(axis=1)]
    told, said = told_and_said(new)
    assert model.asked and 0 < len(new) <= 60 and (told == said).all()


def test_after_a_stop_and_in_parts(tmp_path):
    model = Echo(0.002)
    run = start(PAIR, 200, 1, 1, 1, model=model, cache=tmp_path / 'c.sqlite', styles=True)
    while model.asked < 20:
        time.sleep(0.002)
    run.stop()
    run.result()
    df = run.resume().result()
    check(df)
    assert pd.concat(run.batches(70)).equals(df)
    assert rows(Echo(), tmp_path / 'c.sqlite', n=200).equals(df)


@pytest.mark.parametrize(
    ('prompts', 'corpus', 'expected'),
    [
        (DEFAULT, (), COLUMNS),
        (LOCAL, (), ['style_opening']),
        (SMALL, (), ['style_opening']),
        (METHOD, (), []),
        (LOCAL, GUIDED.corpus, ['style_opening', 'style_length']),
        (SMALL, GUIDED.corpus, ['style_opening']),
        (METHOD, GUIDED.corpus, ['style_length']),
    ],
    ids=lambda value: getattr(value, 'name', None),
)
def test_columns_are_what_a_prompt_set_deals_out(prompts, corpus, expected):
    task = Task(TASK.instruction, TASK.labels, corpus=corpus)
    options = dict(model=Writer(prompts, 100), verify=False, cache=Cache(':memory:'), styles=True)
    df = generate(task, 12, **options, **QUIET)
    assert [name for name in df if name.startswith('style_')] == expected
    assert df[expected].notna().all(axis=None)
    if prompts is SMALL:  # Its texts begin with the word that was dealt out
        assert all(text.startswith(opening) for text, opening in zip(df.text, df.style_opening))


def test_a_text_that_moves_to_another_label_takes_its_style_along():
    class Judged(Echo):
        async def ask(self, request):
            if is_check(request.prompt):
                return random.Random(request.prompt).choice('AB')
            return await super().ask(request)

    df = rows(Judged(), ':memory:', n=60, verify='relabel', filters=False)
    check(df)
    assert df.text.is_unique


def test_in_batches_too(cache, monkeypatch):
    "Numbers of texts wait with the batch; live or in batches the columns are the same"
    from syngen_nb.batches import APIBatches

    for name, seconds in dict(poll_seconds=0.02, gather_seconds=0.02, settle_seconds=0.1).items():
        monkeypatch.setattr(APIBatches, name, seconds)
    with serve(stable=True) as server:
        df = generate(TASK, 20, model=openai(server), cache=cache, styles=True, batch=True, **QUIET)
        assert generate(TASK, 20, model=openai(server), cache=':memory:', styles=True, **QUIET).equals(df)
        assert df[COLUMNS].notna().all(axis=None) and df.style_voice.nunique() > 3


def test_handed_over_like_other_columns():
    "Reports, cards, splits and files take the columns as they come"
    df = generate(PAIR, 24, model=Echo(), cache=':memory:', styles=True, **QUIET)
    plain = df.drop(columns=COLUMNS)
    assert report(df).to_frame().equals(report(plain).to_frame()) and card(df) == card(plain)
    assert all(list(part) == list(df) for part in split(df))
