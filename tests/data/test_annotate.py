"Labels for texts you have, rows of several origins, and the LLM itself beside the students"

import warnings

import numpy as np
import pandas as pd
import pytest

from syngen_nb import Cache, Model, ShortWarning, Task, annotate, concat, evaluate, generate, train
from syngen_nb.models import Answer
from syngen_nb.prompt_sets import SMALL

TASK = Task('Sort notes', ['sea', 'land'])


class Judge(Model):
    "Says *sea* where a text has the letter s, with log-probabilities if wanted; it has nothing to say of a question."

    name = 'fake/judge'
    prompts = SMALL  # It names labels, so its first token is one

    def __init__(self, logprobs=0):
        self.logprobs, self.asked = logprobs, 0

    async def ask(self, request):
        self.asked += 1
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


def test_it_goes_on_from_the_cache(tmp_path):
    judge = Judge(20)
    annotate(TEXTS[:2], TASK, judge, tmp_path / 'c.sqlite', progress=False)
    df = annotate(TEXTS, TASK, judge, tmp_path / 'c.sqlite', progress=False)
    assert judge.asked == 4 and df.attrs['syngen']['usage']['requests'] == 2
    assert df.equals(annotate(TEXTS, TASK, judge, tmp_path / 'c.sqlite', progress=False)) and judge.asked == 4


def test_what_cannot_be_read_gets_no_label():
    with pytest.warns(ShortWarning):
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
    assert train(rows, 'tfidf', weights=dict(real=3)).info['rows'].endswith('(real 6, annotated 2)')


def test_generated_rows_know_their_task():
    "The frame that generate returns says what the LLM has to be asked"
    from syngen_nb import Replay
    from syngen_nb.annotate import task_of

    task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
    df = generate(task, 40, cache=Replay('reviews'), progress=False)
    assert [label.name for label in task_of(df).labels] == ['negative', 'positive']
    assert task_of(df).instruction == task.instruction
