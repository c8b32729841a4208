"""Runs with a model that does everything wrong give what version 0.1 gave, from its answers and when asked anew."""

import pytest
from fakes import RoughWriter
from golden import facts, rough
from golden.cases import CASES, dropped_texts, tree_forms
from golden.make import answers, rough_runs, run_text, sections, silent

from syngen_nb import Cache

RECORDED = sections('rough.txt')


@pytest.fixture(scope='module')
def old_cache(tmp_path_factory):
    "A cache on disk with the answers of version 0.1."
    cache = Cache(tmp_path_factory.mktemp('rough') / 'c.sqlite')
    cache.load(answers('rough.jsonl.gz'))
    yield cache
    cache.close()


@pytest.mark.parametrize('name', rough.CASES)
def test_an_old_cache_answers_everything(name, old_cache, monkeypatch):
    "Rows, what was turned down, and what is short are the same, where no model can be asked."
    monkeypatch.setattr(Cache, 'can_ask', False)  # Else a list that ended in empty answers is asked for again
    n = len(old_cache)
    assert facts.quietly(lambda: run_text(rough.CASES[name](old_cache, silent))) == RECORDED[name]
    assert len(old_cache) == n


def test_all_cases_are_recorded():
    assert list(RECORDED) == list(rough.CASES)


def test_the_same_questions_are_asked_in_any_order():
    "Every prompt is the same to the letter, however long each answer takes."
    cache = Cache(':memory:')
    rough_runs(cache, lambda prompts=None, logprobs=0: RoughWriter(prompts, logprobs, wait=0.003))
    check_same(list(cache.rows()), answers('rough.jsonl.gz'))


def test_the_same_questions_are_asked_by_the_plain_cases():
    cache = Cache(':memory:')
    for case in (*CASES.values(), dropped_texts, tree_forms):
        facts.quietly(case, cache)
    check_same(list(cache.rows()), answers('answers.jsonl.gz'))


def check_same(now, old):
    "Compare answers, and show the first that is different; the old ones are from before `dealt` was stored."
    for row in now:
        row['answer'].pop('dealt', None)
    by = [{(row['series'], row['draw']): row for row in rows} for rows in (now, old)]
    wrong = [key for key in by[0].keys() | by[1].keys() if by[0].get(key) != by[1].get(key)]
    assert not wrong, f'{len(wrong)} differ: {by[0].get(wrong[0])} was {by[1].get(wrong[0])}'
