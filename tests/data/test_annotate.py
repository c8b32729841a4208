"Labels for texts you have, rows of several origins, and the LLM itself beside the students"

import asyncio
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

from syngen_nb import (
    Cache,
    Model,
    ShortWarning,
    Task,
    Taxonomy,
    annotate,
    card,
    concat,
    evaluate,
    generate,
    grow,
    train,
    verify,
)
from syngen_nb.models import Answer
from syngen_nb.prompt_sets import SMALL
from syngen_nb.spending import Budget

TASK = Task('Sort notes', ['sea', 'land'])


class Judge(Model):
    "Says *sea* where a text has the letter s, with log-probabilities if wanted; it has nothing to say of a question."

    name = 'fake/judge'
    prompts = SMALL  # It names labels, so its first token is one
    max_tokens = 3
    concurrency = 2

    def __init__(self, logprobs=0, price=None):
        self.logprobs, self.asked, self.each = logprobs, 0, price

    def price(self, tokens_in, tokens_out):
        return None if self.each is None else (tokens_in + tokens_out) * self.each

    def room_for(self, n_requests):
        "Return tokens for so many requests, as an answer takes 41 and the last one could have taken more"
        return 41 * n_requests + sum(self.most_tokens(self.last)) + 50

    async def ask(self, request):
        self.asked += 1
        self.last = request
        text = request.prompt
        if '???' in text:
            return Answer('I cannot say', 40, 3)
        says = 'sea' if '#sea' in text else 'land'
        odds = {says: -0.1, {'sea': 'land', 'land': 'sea'}[says]: float(np.log(1 - np.exp(-0.1)))}
        return Answer(says, 40, 1, logprobs=[odds] if request.logprobs else None)


TEXTS = ['#sea one', 'two', '#sea three', 'four', 'two']


@pytest.mark.parametrize('logprobs, requests', [(20, 4), (0, 12)])
def test_labels_confidence_and_probabilities(logprobs, requests):
    "Each different text is read once, or three times where votes are needed; probabilities add up to one"
    judge = Judge(logprobs)
    df = annotate(pd.Series(TEXTS, index=list('abcde')), TASK, judge, Cache(':memory:'), progress=False)
    assert df.index.tolist() == list('abcde') and df.text.tolist() == TEXTS
    assert df.label.tolist() == ['sea', 'land', 'sea', 'land', 'land']
    assert df.label.cat.categories.tolist() == ['sea', 'land']
    assert judge.asked == requests
    assert np.allclose(df.p_sea + df.p_land, 1) and np.allclose(df.confidence, df[['p_sea', 'p_land']].max(axis=1))
    assert df.confidence.tolist() == pytest.approx([np.exp(-0.1) if logprobs else 3.5 / 4] * 5)


def test_a_share_of_labels_does_not_matter():
    "Where all texts are of one label, none is taken for another: nothing is calibrated"
    df = annotate([f'#sea {i}' for i in range(30)], TASK, Judge(20), Cache(':memory:'), progress=False)
    assert set(df.label) == {'sea'} and df.p_sea.tolist() == pytest.approx([np.exp(-0.1)] * 30)


def test_too_few_texts_show_no_preference():
    "Then nothing is taken off, and a single text keeps the label that was read"
    with pytest.warns(UserWarning, match='1 text cannot show what the model prefers. Give at least 40, 20 for each'):
        df = annotate(['two'], TASK, Judge(20), Cache(':memory:'), progress=False, calibrate=True)
    assert df.label.tolist() == ['land'] and df.confidence.tolist() == pytest.approx([np.exp(-0.1)])
    with pytest.warns(UserWarning, match='the model says the same of all texts'):
        df = annotate([f'two {i}' for i in range(40)], TASK, Judge(20), Cache(':memory:'), progress=False, calibrate=True)
    assert set(df.label) == {'land'} and df.confidence.tolist() == pytest.approx([np.exp(-0.1)] * 40)


def test_rows_put_together_keep_the_task_and_who_labelled_them():
    "Whatever attrs the first frame has"
    real = pd.DataFrame(dict(text=['a', 'b'], label=['sea', 'land']))
    real.attrs = {'source': 'x'}
    made = real.copy()
    made.attrs['syngen'] = dict(instruction='Sort notes', model='my/model')
    found = annotate(TEXTS, TASK, Judge(20), Cache(':memory:'), progress=False)
    attrs = concat(real=real, made=made, found=found).attrs
    assert attrs['source'] == 'x' and attrs['syngen']['instruction'] == 'Sort notes'
    assert attrs['syngen']['annotated_by'] == 'fake/judge'
    assert attrs['syngen']['origins'] == dict(real=2, made=2, found=5)
    nested = concat(old=concat(a=real[['text', 'label']], b=real), made=made).attrs['syngen']
    assert nested['instruction'] == 'Sort notes' and nested['origins'] == dict(old=4, made=2)
    said = card(found, health=False).body
    assert 'labelled by a language model' in said and 'written by' not in said


def test_labels_that_became_others():
    "Numbers with one missing, and names in another case"
    a = pd.DataFrame(dict(text=list('abcd'), label=['0', '1'] * 2))
    b = pd.DataFrame(dict(text=list('efg'), label=[0, 1, None]))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert concat(a=a, b=b).label.cat.categories.tolist() == ['0', '1']
        concat(a=a.head(1), b=b)  # One that lacks a label is no mistake
        for kind in ('category', object):
            assert concat(a=a, b=b.astype(dict(label=kind))).label.cat.categories.tolist() == ['0', '1']
    with pytest.warns(UserWarning, match="'Sea', 'sea' differ only in case"):
        concat(a=a.assign(label='sea'), b=a.assign(label='Sea'))
    with pytest.warns(UserWarning, match="frame 'a' has no label of the others"):
        concat(a=a.assign(label='sea'), b=a)


def test_it_goes_on_from_the_cache(tmp_path):
    judge = Judge(20)
    annotate(TEXTS[:2], TASK, judge, tmp_path / 'c.sqlite', progress=False)
    df = annotate(TEXTS, TASK, judge, tmp_path / 'c.sqlite', progress=False)
    assert judge.asked == 4 and df.attrs['syngen']['usage']['requests'] == 2
    assert df.equals(annotate(TEXTS, TASK, judge, tmp_path / 'c.sqlite', progress=False)) and judge.asked == 4


def labelled(call, judge, cache, **how):
    "Return what `verify` or `annotate` says of the texts, the warnings, and the frame"
    df = pd.DataFrame(dict(text=[f'{"#sea" if i % 2 else "tree"} {i}' for i in range(12)], label=['land', 'sea'] * 6))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        found = call(df, TASK, judge, cache, progress=False, **how)
    return found.get('checked_label', found.label), [str(w.message) for w in said if w.category is ShortWarning], found


@pytest.mark.parametrize('call', [verify, annotate])
@pytest.mark.parametrize('logprobs', [20, 0])
def test_a_cap_ends_where_the_money_does(call, logprobs, cache):
    "Rows without an answer have no label, those with one have their own, and more money asks for the rest alone"
    whole, judge = Judge(logprobs, 1e-4), Judge(logprobs, 1e-4)
    expected, said, _ = labelled(call, whole, Cache(':memory:'))
    assert expected.notna().all() and not said
    cap = whole.room_for(5 if logprobs else 15) * 1e-4
    some, said, found = labelled(call, judge, cache, max_dollars=cap)
    n = int(some.notna().sum())
    assert 0 < n < 12 and some[some.notna()].equals(expected[some.notna()])
    assert judge.price(40, 1) * judge.asked <= cap
    assert len(said) == 1 and f'with {n} of 12 texts, {12 - n} texts missing' in said[0]
    assert 'The same call with max_dollars=' in said[0]
    assert call is verify or found.attrs['syngen']['n_left'] == 12 - n
    again, said, _ = labelled(call, judge, cache, max_dollars=cap * 9)
    assert again.equals(expected) and not said and judge.asked == whole.asked


@pytest.mark.parametrize('call', [verify, annotate])
def test_caps_of_annotate_are_those_of_generate(call, cache):
    "A budget that calls share, one with a name, and what is told before anything is asked"
    judge = Judge(20)
    labelled(call, judge, ':memory:')
    budget, before = Budget(max_tokens_total=judge.room_for(14)), judge.asked
    n_said = [len(labelled(call, judge, ':memory:', budget=budget)[1]) for _ in range(2)]
    assert n_said == [0, 1] and budget.sum.total().tokens == 41 * (judge.asked - before)
    named = dict(max_tokens_total=judge.room_for(4), budget='notes')
    assert len(labelled(call, judge, cache, **named)[1]) == len(labelled(call, judge, cache, **named)[1]) == 1
    assert 4 * 41 <= Cache(cache).sums('notes')[1] <= named['max_tokens_total']
    before = judge.asked
    with pytest.raises(ValueError, match='max_tokens_total='):
        labelled(call, judge, cache, max_dollars=1)  # It has no price
    with pytest.raises(ValueError, match='The caps are in the Budget'):
        labelled(call, judge, cache, max_dollars=1, budget=budget)
    assert judge.asked == before
    assert labelled(call, judge, ':memory:', max_tokens_total=1)[0].isna().all()  # Not even one


def test_what_cannot_be_read_gets_no_label():
    with pytest.warns(ShortWarning, match='call again with larger votes=, or with another model'):
        df = annotate(['#sea', '???'], TASK, Judge(20), Cache(':memory:'), progress=False)
    assert df.label.isna().tolist() == [False, True]
    assert df[['confidence', 'p_sea', 'p_land']].iloc[1].isna().all()
    assert concat(found=df).text.tolist() == ['#sea']


@pytest.mark.parametrize(
    'texts', [[], 'a', ['a', ''], ['a', None], [1, 2], pd.DataFrame(dict(x=['a'])), pd.Series(dtype=object)]
)
def test_bad_texts(texts):
    with pytest.raises(ValueError):
        annotate(texts, TASK, Judge(), Cache(':memory:'), progress=False)
    with pytest.raises(ValueError, match='takes the Task'):
        annotate(['a'], 'sea or land', Judge(), Cache(':memory:'), progress=False)


def frames(n=40):
    rng = np.random.default_rng(0)
    words = dict(sea=['#sea boat', '#sea salt'], land=['tree', 'road'])
    rows = [dict(text=f'{rng.choice(words[label])} {i}', label=label) for i in range(n) for label in words]
    return pd.DataFrame(rows)


def test_the_llm_beside_the_students():
    "Its labels are scored as the students' are; a thousand texts cost a thousand times one"
    pytest.importorskip('sklearn')
    df, real = frames(20), frames(5).assign(text=lambda d: 'now ' + d.text)
    judge = Judge(20)
    result = evaluate(df, real, curve=False, zero_shot=judge, task=TASK, cache=Cache(':memory:'))
    assert result.baselines.accuracy['zero-shot'] == 1 and result.features == 'tfidf'
    assert result.zero_shot == dict(
        model='fake/judge', n_unread=0, requests=1000, tokens_in=40000, tokens_out=1000, dollars=None
    )
    assert 'fake/judge itself' in result._repr_html_()
    with pytest.raises(ValueError, match='give task='):
        evaluate(df, real, curve=False, zero_shot=judge)
    with pytest.raises(ValueError, match='The task lacks labels'):
        evaluate(df, real, curve=False, zero_shot=judge, task=Task('Sort', ['Sea', 'Land']))


BAD_CALLS = [
    (dict(C=-1), ValueError, 'C must be a number above 0'),
    (dict(C='strong'), ValueError, 'C must be a number above 0'),
    (dict(encoders=['tfidf', 'e6']), ValueError, "no encoder 'e6'"),
    (dict(encoders='setfit/some/name'), ImportError, r'syngen-nb\[setfit\]'),
    (dict(curve=3), ValueError, 'curve'),
    (dict(max_dollars=-1), ValueError, 'max_dollars'),
    (dict(max_dollars=1), ValueError, 'price'),
    (dict(budget='movies'), ValueError, 'cap'),
    (dict(task='movies'), ValueError, 'Task'),
]


@pytest.mark.parametrize('bad, error, words', BAD_CALLS)
def test_nothing_is_paid_for_a_call_that_cannot_end(bad, error, words, monkeypatch):
    "Arguments and extras are checked before the LLM is asked"
    for package in ('setfit', 'sentence_transformers'):
        monkeypatch.setitem(sys.modules, package, None)
    judge = Judge(20)
    how = dict(curve=False, zero_shot=judge, task=TASK, cache=Cache(':memory:'))
    with pytest.raises(error, match=words):
        evaluate(frames(20), frames(4).assign(text=lambda df: 'now ' + df.text), **how | bad)
    assert judge.asked == 0


def test_no_score_from_a_part_of_the_rows(cache):
    "At a cap the LLM has no scores; what it said is kept, and more money gives the scores of all rows"
    pytest.importorskip('sklearn')
    df, real = frames(20), frames(5).assign(text=lambda d: 'now ' + d.text)
    how = dict(curve=False, zero_shot=Judge(20), task=TASK, cache=cache)
    with pytest.warns(ShortWarning, match='The same call with max_tokens_total='):
        result = evaluate(df, real, max_tokens_total=1500, **how)
    n_left = result.zero_shot['n_left']
    assert 0 < n_left < 10 and (result.predicted['zero-shot'] == '').sum() == n_left
    assert result.baselines.loc['zero-shot'].isna().all() and result.baselines.accuracy['tfidf'] == 1
    assert result.zero_shot['tokens_in'] == 40000 and '>–</td>' in result._repr_html_()
    whole = evaluate(df, real, max_tokens_total=10**6, **how)
    assert whole.baselines.accuracy['zero-shot'] == 1 and 'n_left' not in whole.zero_shot
    with pytest.raises(ValueError, match='max_dollars must be'):
        evaluate(df, real, max_dollars='1', **how)


def test_no_answer_is_wrong():
    pytest.importorskip('sklearn')
    real = frames(4)
    real.loc[0, 'text'] = '???'
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ShortWarning)
        result = evaluate(frames(20), real, curve=False, zero_shot=Judge(20), task=TASK, cache=Cache(':memory:'))
    assert result.baselines.accuracy['zero-shot'] == 7 / 8 and result.zero_shot['n_unread'] == 1


def test_origins():
    "All rows in order, each with its origin; attrs of the first frame that has some"
    pytest.importorskip('sklearn')
    made = annotate(['#sea one', 'two'], TASK, Judge(20), Cache(':memory:'), progress=False)
    real = frames(3)
    rows = concat(real=real, annotated=made)
    assert rows.text.tolist() == real.text.tolist() + made.text.tolist()
    assert rows.origin.tolist() == ['real'] * 6 + ['annotated'] * 2
    assert rows.attrs['syngen']['instruction'] == 'Sort notes'
    assert rows.attrs['syngen']['origins'] == dict(real=6, annotated=2)
    assert 'origins' not in made.attrs['syngen']
    assert rows.confidence.isna().tolist() == [True] * 6 + [False] * 2
    assert train(rows, 'tfidf', weights=dict(real=3)).info['rows'] == '8 texts (real 6, annotated 2); some labelled by fake/judge'


def test_generated_rows_know_their_task():
    "The frame that generate returns says what the LLM has to be asked"
    from syngen_nb import Replay
    from syngen_nb.annotate import task_of

    task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
    df = generate(task, 40, cache=Replay('reviews'), progress=False)
    assert [label.name for label in task_of(df).labels] == ['negative', 'positive']
    assert task_of(df).instruction == task.instruction


@pytest.mark.parametrize('reads', [verify, annotate])
def test_loading_a_model_is_said(reads, capsys):
    "The default judge has 1.1 GB; the bar says so while it is fetched, as in `generate`"

    class Heavy(Judge):
        async def ask(self, request):
            if not self.asked:
                self.doing = 'fetching the model, 1.1 GB'
                await asyncio.sleep(0.4)
                self.doing = ''
            return await super().ask(request)

    df = pd.DataFrame(dict(text=TEXTS[:2], label=['sea', 'land']))
    reads(df, TASK, Heavy(20), Cache(':memory:'))
    assert 'fetching the model, 1.1 GB' in capsys.readouterr().err


HALF = 'a broken \ud83d emoji'


def kw(judge):
    return dict(model=judge, cache=':memory:')


def frame_of(*texts):
    return pd.DataFrame(dict(text=pd.Series(texts, dtype=object), label='sea', predicted='land'))


@pytest.mark.parametrize(
    ('give', 'what'),
    [
        (lambda judge: Task(HALF, ['sea', 'land']), 'The instruction'),
        (lambda judge: Task('Sort notes', {'sea': HALF, 'land': 'dry'}), "The description of label 'sea'"),
        (lambda judge: Task('Sort notes', [HALF, 'land']), 'A label name'),
        (lambda judge: Task('Sort notes', ['sea', 'land'], language=HALF), 'The language'),
        (lambda judge: Task('Sort notes', ['sea', 'land'], examples=[(HALF, 'sea')]), 'An example'),
        (lambda judge: grow(TASK, 1, 1, 1, prompts=dict(topics=SMALL.topics + HALF), **kw(judge)), 'What a model is'),
        (lambda judge: Task('Sort notes', ['sea', 'land'], corpus=['a whole text', HALF]), 'The text at position 1'),
        (lambda judge: grow(Taxonomy(TASK), errors=frame_of(HALF), n_subtopic=1, **kw(judge)), 'The text of an error'),
        (lambda judge: verify(frame_of('a whole text', HALF), TASK, **kw(judge)), 'The text at position 1'),
        (lambda judge: annotate(['a whole text', HALF], TASK, **kw(judge)), 'The text at position 1'),
    ],
)
def test_half_of_a_character_is_named_before_anything_is_asked(give, what):
    judge = Judge()
    with pytest.raises(ValueError, match=f'^{what}.* has half of a character .* Replace it: text.encode'):
        give(judge)
    assert judge.asked == 0
