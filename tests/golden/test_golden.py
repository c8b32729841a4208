"""Nothing changes: frames, keys, ids, saved files, signatures and pages are those of version 0.1."""

import gzip
import json
import random
import subprocess
import sys

import pytest
from fakes import Writer
from golden import facts
from golden.cases import CASES, dropped_texts, replayed, tree_forms
from golden.make import HERE, frame_text

import syngen_nb
from syngen_nb import Cache, Studio


def read(name):
    return json.loads((HERE / name).read_text(encoding='utf-8'))


@pytest.fixture(scope='module')
def answers():
    "A cache with all answers of version 0.1."
    lines = gzip.decompress((HERE / 'answers.jsonl.gz').read_bytes()).decode().split('\n')
    cache = Cache(':memory:')
    cache.load([json.loads(line) for line in lines])
    return cache


@pytest.fixture(scope='module')
def frames():
    parts = (HERE / 'frames.txt').read_text(encoding='utf-8').split('=== ')[1:]
    return dict(part.split('\n', 1) for part in parts)


@pytest.fixture
def silent(monkeypatch):
    "A model that must not be asked."

    async def ask(self, request):
        raise AssertionError(f'The cache has no answer to: {request.prompt[:200]}')

    monkeypatch.setattr(Writer, 'ask', ask)


@pytest.mark.parametrize('name', CASES)
def test_an_old_cache_answers_everything(name, answers, frames, silent):
    "The keys of all kinds of requests are what they were, and so is the frame."
    before = len(answers)
    assert frame_text(facts.quietly(CASES[name], answers)) == frames[name]
    assert len(answers) == before


def test_what_was_dropped(answers, frames, silent):
    assert frame_text(facts.quietly(dropped_texts, answers)) == frames['dropped']


def test_the_recording_replays_byte_for_byte(frames):
    assert frame_text(replayed()) == frames['replayed']


def test_trees_have_the_same_ids(answers, silent):
    assert json.loads(json.dumps(facts.quietly(tree_forms, answers))) == read('trees.json')


@pytest.mark.parametrize('seed', range(3))
def test_the_order_of_answers_does_not_matter(seed, frames, monkeypatch):
    "Answers that arrive in another order give the identical frame."
    import asyncio

    told, rng = Writer.ask, random.Random(seed)

    async def ask(self, request):
        await asyncio.sleep(rng.random() / 100)
        return await told(self, request)

    monkeypatch.setattr(Writer, 'ask', ask)
    df = facts.quietly(CASES['default'], Cache(':memory:'))
    expected = frames['default'].split('\n', 1)[1]
    assert df.to_csv(index=False, float_format='%.9g') == expected


def test_an_old_studio_opens():
    "A file of version 0.1 opens, shows the same rows and tree, and is saved as it was."
    studio = Studio.load(HERE / 'studio.json', model=Writer(), cache=':memory:')
    saved = read('studio.json')
    assert frame_text(studio.df) == (HERE / 'studio_frame.txt').read_text(encoding='utf-8')
    assert facts.plain(studio.taxonomy.to_dict()) == saved['taxonomy']
    again = json.loads(studio.save())
    n_answers = len(again.pop('answers'))
    assert n_answers == len(saved.pop('answers'))
    assert again == saved
    assert studio.code() == (HERE / 'studio_code.txt').read_text(encoding='utf-8')
    studio.close()


@pytest.mark.parametrize(
    ('new', 'may'),
    [
        ([['ab', 'POSITIONAL_OR_KEYWORD', ''], ['bc', 'POSITIONAL_OR_KEYWORD', '1']], True),
        ([['ab', 'POSITIONAL_OR_KEYWORD', ''], ['bc', 'KEYWORD_ONLY', '1']], True),
        ([['bc', 'POSITIONAL_OR_KEYWORD', '1'], ['ab', 'POSITIONAL_OR_KEYWORD', '']], False),
        ([['ab', 'POSITIONAL_OR_KEYWORD', ''], ['bc', 'KEYWORD_ONLY', '']], False),
        ([['ab', 'KEYWORD_ONLY', '']], False),
        ([['ab', 'POSITIONAL_OR_KEYWORD', '2']], False),
        ([], False),
    ],
)
def test_what_a_signature_may_gain(new, may):
    assert facts.may_become([['ab', 'POSITIONAL_OR_KEYWORD', '']], new) is may


def test_public_names_and_signatures():
    "Names stay. A signature may gain parameters with a default, at the end or by keyword alone."
    public = read('public.json')
    assert set(public['all']) <= set(syngen_nb.__all__)
    now = facts.signatures()
    for name, old in public['signatures'].items():
        assert facts.may_become(old, now[name]), f'{name}: {old} is now {now[name]}'


def test_what_tells_models_apart():
    assert facts.model_keys() == read('public.json')['keys']


def test_estimates():
    assert json.loads(json.dumps(facts.estimates())) == read('estimates.json')


def test_files_and_report(tmp_path):
    found, old = facts.files(replayed(), tmp_path), read('files.json')
    for name in old:
        assert json.loads(json.dumps(found[name])) == old[name], name


def test_scores():
    assert facts.scores(replayed()) == read('scores.json')


def test_import_is_light():
    "The SDKs and the widgets are not loaded by the import."
    heavy = ('openai', 'anthropic', 'ipywidgets', 'anywidget')
    code = f'import sys, syngen_nb; print([m for m in {heavy} if m in sys.modules])'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout.strip() == '[]'
