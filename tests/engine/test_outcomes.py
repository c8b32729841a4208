"""A finished call again: answered from memory with the identical frame, and from nothing but the answers otherwise.

What a call comes to without the memory is seen by dropping the table of memories first.
"""

import asyncio
import sys
import warnings

import pandas as pd
import pytest
from fakes import RoughWriter, Writer
from helpers import TASK

from syngen_nb import Cache, Judge, agenerate, filters, generate, grow, outcomes
from syngen_nb.answer_tables import short_key
from syngen_nb.prompt_sets import DEFAULT
from syngen_nb.prompts import Prompts
from syngen_nb.run import Run

pytestmark = pytest.mark.filterwarnings('ignore')  # Rough models leave some cells short
N = 24


@pytest.fixture
def cache(cache):
    "An open cache"
    return Cache(cache)


@pytest.fixture
def began(monkeypatch):
    "The runs that began: a call that is answered from memory begins none"
    runs = []
    begin = Run.begin
    monkeypatch.setattr(Run, 'begin', lambda run: runs.append(run) or begin(run))
    return runs


def call(cache, model=None, what=TASK, n=N, **options):
    return generate(what, n, model=model or Writer(), cache=cache, progress=False, **options)


def forget(cache):
    cache.forget_outcomes()


def memories(cache):
    there = cache._do("select 1 from sqlite_schema where name='outcomes'")
    return cache._do('select count(*) from outcomes')[0][0] if there else 0


def check_same(frame, other):
    pd.testing.assert_frame_equal(frame, other)
    assert frame.attrs == other.attrs


@pytest.mark.parametrize(
    'options',
    [
        {},
        dict(filters=False),
        dict(filters=['near_duplicate', 'too_short']),
        dict(verify='drop', model=Writer(logprobs=20)),
        dict(verify='relabel', model=Writer(logprobs=20)),
        dict(verify=Judge('keep', votes=2)),
        dict(verify=Judge('drop', model=Writer(), odds=3)),
        dict(n_source_type=2, n_topic=2, n_subtopic=1),
        dict(seed=7, rounds=9),
    ],
    ids=str,
)
def test_the_memory_equals_the_answers(cache, began, options):
    "A recalled frame has the values, types and attributes of one that is made from the answers"
    first = call(cache, **options)
    assert memories(cache) == 1
    recalled = call(cache, **options)
    assert len(began) == 1
    forget(cache)
    made = call(cache, **options)
    assert len(began) == 2
    check_same(recalled, made)
    pd.testing.assert_frame_equal(recalled, first)


def test_a_tree(cache, began):
    "An edit of the tree is another call, and taking it back is the old one"
    tree = grow(TASK, 2, 2, 1, model=Writer(), cache=cache, progress=False)
    first = call(cache, what=tree)
    check_same(call(cache, what=tree), call(cache, what=tree.copy()))
    n_began = len(began)
    node = tree.cells()[0]
    name = node.name
    tree.rename(node, 'something else')
    assert not call(cache, what=tree).equals(first) and len(began) == n_began + 1
    tree.rename(node, name)
    assert call(cache, what=tree).cell.tolist() == first.cell.tolist()


def edit(cache, row, answer=None):
    "Put another answer in the place of a row, or none."
    cache._do('delete from packed where series=? and draw=?', short_key(row['series']), row['draw'])
    if answer is not None:
        about = {name: row[name] for name in ('cell', 'model', 'request')}
        cache.put(row['series'], row['draw'], answer, **about)


@pytest.mark.parametrize('level', ['texts', 'subtopics', 'checks'])
def test_an_edited_answer(cache, began, level):
    "Whatever answer is edited or removed, of a text, a name or a check, the memory is not used"
    options = dict(verify=Judge('keep', votes=1))
    call(cache, **options)
    row = next(row for row in cache.find() if row['cell'].startswith(level))
    for answer in (row['answer'] | dict(text=row['answer']['text'] + ' '), None):
        n_began = len(began)
        edit(cache, row, answer)
        call(cache, **options)
        assert len(began) == n_began + 1


def test_an_edited_text_comes(cache):
    "A person corrects a text in the file: the next call has it"
    old = call(cache).text[3]
    row = next(row for row in cache.find() if old in row['answer']['text'])
    edit(cache, row, dict(text=row['answer']['text'].replace(old, 'Corrected by a careful hand')))
    assert call(cache).text[3] == 'Corrected by a careful hand'


def test_what_else_changes(cache, began, monkeypatch):
    "Another state of the package, and a built-in filter that was replaced, are not answered from memory"
    call(cache)
    monkeypatch.setitem(vars(sys.modules['syngen_nb.generate']), 'code_stamp', lambda: ['another'])
    call(cache)
    assert len(began) == 2 and memories(cache) == 2
    monkeypatch.setitem(filters.TEXT_FILTERS, 'too_short', lambda text, context: 'no' if len(text) < 60 else '')
    assert call(cache).text.str.len().min() >= 60 and len(began) == 3


def test_calls_that_cannot_be_told(tmp_path, began):
    "Code of the user's own decides about the rows: nothing is remembered"

    class OwnCache(Cache):
        pass

    class OwnPrompts(Prompts):
        pass

    prompts = OwnPrompts(**{name: getattr(DEFAULT, name) for name in DEFAULT.__dataclass_fields__})
    plain = Cache(tmp_path / 'plain.sqlite')
    call(plain, filters=[lambda text, context: ''])
    call(plain, prompts=prompts)
    call(plain, verify=Judge('keep', model=Writer(prompts=prompts), votes=1))
    own = OwnCache(tmp_path / 'own.sqlite')
    call(own)
    assert [memories(plain), memories(own), len(began)] == [0, 0, 4]


def test_a_short_call(cache, began):
    "A call that is short asks again: the model may have more"

    class Tired(Writer):
        def text(self, request, rng):
            return f'Only one of three texts about the sea {rng.randrange(3)}'

    call(cache, Tired())
    assert memories(cache) == 0
    call(cache, Tired())
    assert len(began) == 2


def test_a_rough_model(cache):
    "A call in which checks failed and lists stayed short is not remembered, since the next one asks again"
    rough = dict(model=RoughWriter(), verify='drop')
    call(cache, **rough)
    again = call(cache, **rough)
    assert memories(cache) == 0
    pd.testing.assert_frame_equal(call(cache, **rough), again)


def test_async(cache, began):
    "`agenerate` and `generate` share the memory"
    first = call(cache)
    frame = asyncio.run(agenerate(TASK, N, model=Writer(), cache=cache))
    pd.testing.assert_frame_equal(frame, first)
    assert len(began) == 1


def test_a_file_that_can_only_be_read(cache, began):
    "It is recalled from, and a call that is not remembered there runs from the answers"
    first = call(cache)
    call(cache, n=N - 1)
    cache._do('delete from outcomes where key=(select key from outcomes order by made desc limit 1)')
    cache.close()
    cache.path.chmod(0o444)
    cache.path.parent.chmod(0o555)
    try:
        reader = Cache(cache.path)
        n_began = len(began)
        pd.testing.assert_frame_equal(call(reader), first)
        assert len(call(reader, n=N - 1)) == N - 1
        reader.close()
    finally:
        cache.path.parent.chmod(0o755)
        cache.path.chmod(0o644)
    assert len(began) <= n_began + 2


def test_a_memory_that_cannot_be_kept(cache, monkeypatch):
    "The rows are there all the same, with a warning"
    monkeypatch.setattr(outcomes, '_TABLE', 'create table packed (a)')  # It is there already
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        assert len(call(cache)) == N
    assert 'will not be faster' in str(said[-1].message)
