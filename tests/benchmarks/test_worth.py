"The arms of `benchmarks/worth.py`: each runs with the default prompts, and their templates only leave something out"

import hashlib
import sys
from difflib import SequenceMatcher
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers import openai

from syngen_nb.prompt_sets import DEFAULT, LOCAL, SMALL
from syngen_nb.prompts import context

sys.path.insert(0, str(Path(__file__).parents[2] / 'benchmarks'))
from worth import write_arm
from worth_arms import ARMS, TASKS, flat, guided, treeless, write_rows
from worth_table import Rows, read_rows

SETS = [DEFAULT, LOCAL, SMALL]
WRITTEN = [arm for arm in ARMS if not ARMS[arm].annotate]
REAL = pd.DataFrame(
    [
        (f'Message {i} is about {word}, see you there', label)
        for i in range(120)
        for word, label in (('tea', 'ham'), ('cash', 'spam'))
    ],
    columns=['text', 'label'],
)


@pytest.mark.parametrize('arm', WRITTEN)
def test_arm_runs_with_the_default_set(arm, server, cache):
    "Each arm gives its rows, and a second time without a request"
    task = TASKS['sms_spam']
    model = openai(server)
    assert model.prompts is DEFAULT
    df = write_rows(arm, task, 12, model, cache, seed=0, real=REAL)
    assert df.label.value_counts().tolist() == [6, 6] and df.text.is_unique
    assert (df.topic.eq('anything').all()) == (not ARMS[arm].tree)
    asked = server.count
    assert write_rows(arm, task, 12, model, cache, seed=0, real=REAL).equals(df) and server.count == asked


@pytest.mark.parametrize('prompts', SETS, ids=lambda p: p.name)
def test_treeless_only_leaves_out(prompts):
    "The template without the tree is that of the set with parts removed, so that it cannot fall behind unnoticed"
    less = treeless(prompts)
    edits = SequenceMatcher(None, prompts.texts, less.texts, autojunk=False).get_opcodes()
    assert {kind for kind, *_ in edits} == {'equal', 'delete'}
    place = context(TASKS['imdb'], 'negative', 'a source type', 'a topic', 'a subtopic')
    prompt = less.request('texts', place, 1).prompt
    assert prompts.request('texts', place, 1).prompt != prompt
    assert not any(name in prompt for name in ('a source type', 'a topic', 'a subtopic'))


def test_templates_of_committed_rows():
    "The rows in `benchmarks/worth` were written with these"
    digests = {
        treeless(SMALL).texts: '113072bfa3f177db9cdb14694e75ad70d48818f61c4a577c0a88be2e4f332d53',
        flat(SMALL).texts: '6aca25ef1c2ee55eb0df05d95e63da2c4a2abc44f375836e5a32ca80689d8693',
        flat(LOCAL).texts: '9fa9da9496a50611db3513ee704a7ce4408beb8a15a28801c57bd76123f3d4eb',
    }
    for text, digest in digests.items():
        assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert [flat(prompts).max_tokens.get('texts') for prompts in SETS] == [None, 110, 44]


def test_real_texts_guide_an_arm():
    "Examples have both labels, no text is an example and in the corpus, and another seed takes others"
    task = guided(TASKS['sms_spam'], ARMS['corpus+examples'], REAL, 0)
    assert [label for _, label in task.examples].count('spam') == 4 == len(task.examples) / 2
    assert set(task.examples) <= set(zip(REAL.text, REAL.label))
    assert task.corpus.n_texts == 200 and not {text for text, _ in task.examples} & set(task.corpus.texts)
    other = guided(TASKS['sms_spam'], ARMS['corpus+examples'], REAL, 1)
    assert other.examples != task.examples and other.corpus != task.corpus


def test_labelled_texts_stay_outside_the_file(tmp_path, server, cache, monkeypatch):
    "It has numbers of rows, and reading it finds their texts again"
    REAL.to_csv(tmp_path / 'sms_spam_train.csv.gz', index=False)
    monkeypatch.setattr('worth.ROWS', tmp_path)
    args = SimpleNamespace(model='a/model', n=10, data=tmp_path)
    write_arm(args, openai(server), cache, 'sms_spam', 'annotated', 3)
    (path,) = tmp_path.glob('*.csv.xz')
    assert list(pd.read_csv(path)) == ['row', 'label', 'confidence']
    (df,) = read_rows(tmp_path, tmp_path).values()
    assert df.text.tolist() == REAL.sample(10, random_state=3).text.tolist()
    assert list(read_rows(tmp_path, tmp_path)) == [Rows('a-model', 10, 'sms_spam', 3, 'annotated')]
