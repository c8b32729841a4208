"The arms of `benchmarks/worth.py`: each runs with the default prompts, and their templates only leave something out"

import hashlib
import sys
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from helpers import openai

from syngen_nb.prompt_sets import DEFAULT, LOCAL, SMALL
from syngen_nb.prompts import context

sys.path.insert(0, str(Path(__file__).parents[2] / 'benchmarks'))
from worth_arms import ARMS, TASKS, flat, treeless, write_rows

SETS = [DEFAULT, LOCAL, SMALL]


@pytest.mark.parametrize('arm', ARMS)
def test_arm_runs_with_the_default_set(arm, server, cache):
    "Each arm gives its rows, and a second time without a request"
    task = TASKS['sms_spam']
    model = openai(server)
    assert model.prompts is DEFAULT
    df = write_rows(arm, task, 12, model, cache, seed=0)
    assert df.label.value_counts().tolist() == [6, 6] and df.text.is_unique
    assert (df.topic.eq('anything').all()) == (not ARMS[arm].tree)
    asked = server.count
    assert write_rows(arm, task, 12, model, cache, seed=0).equals(df) and server.count == asked


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
