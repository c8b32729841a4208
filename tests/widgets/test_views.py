"What the widgets say, without a browser"

import time

import pytest
from fakes import Writer
from helpers import TASK

from syngen_nb import Studio, Task, estimate
from syngen_nb.widgets.run_view import RunView
from syngen_nb.widgets.task_form import describe_estimate


def until(f, seconds=20):
    end = time.monotonic() + seconds
    while not (found := f()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def said(studio):
    return studio.form.said.get('estimate', '')


def test_the_estimate_is_that_of_the_next_button():
    "Before there is a tree that of the form, then that of the tree as it is, after an edit and after another task too."
    studio = Studio(TASK, model=Writer(), cache=':memory:')
    of_form = describe_estimate(estimate(TASK, 40, model=Writer(), cache=':memory:'))
    until(lambda: said(studio) == of_form)
    studio.grow().result()
    rows = dict(n_record_to_generate=40, model=studio.form.model, cache=studio._cache)

    def of_tree():
        return describe_estimate(estimate(studio.taxonomy, **rows), 'for this tree')

    until(lambda: said(studio) == of_tree())
    whole = said(studio)
    for topic in [topic for topic in studio.taxonomy.walk() if topic.kind == 'topic'][::2]:
        studio.taxonomy.remove(topic)
    until(lambda: said(studio) != whole)  # Fewer cells, so more texts in a request
    until(lambda: said(studio) == of_tree())
    studio.task = Task(TASK.instruction, ['Sea', 'Land', 'Air', 'Fire'])
    until(lambda: 'once it has grown' in said(studio))
    studio.close()


def test_a_stopped_run_in_words():
    "It says what is left, for names as for rows, and no list is short."
    studio = Studio(TASK, model=Writer(), cache=':memory:')
    run = studio.grow()
    run.stop()
    until(lambda: run.done)
    record = RunView(run).state
    left = record['run']['total'] - record['run']['done']
    if run.status == 'stopped':
        assert record['run']['rest'] == f'{left} nodes not grown yet. Resume to go on'
    assert not [name for name in record if name.startswith('short')]
    studio.close()


class Priced(Writer):
    "Has a price, and a limit for each answer"

    max_tokens = 300

    def price(self, tokens_in, tokens_out):
        return (tokens_in + tokens_out) / 1e6


def test_one_cap_for_all_runs_of_a_studio():
    "The tree, a branch that is grown in it, and the texts spend from one sum, and the code has the cap too."
    studio = Studio(TASK, model=Priced(), cache=':memory:', max_dollars=1)
    run = studio.grow()
    run.result()
    studio.tree.grow(studio.taxonomy.children()[0].id, again=True).result()
    studio.generate().result()
    assert run.budget is studio.run.budget is studio.budget
    assert studio.budget.spent == studio.budget.sum.total() and studio.budget.n_on_way == 0
    assert studio.budget.spent.tokens > 1000 * studio.run.usage.requests > 0  # It says no numbers, so each is the most
    assert studio.code().count('max_dollars=1.0') >= 1
    studio.close()


def test_a_studio_says_early_that_a_cap_cannot_hold():
    studio = Studio(TASK, model=Writer(), cache=':memory:', max_dollars=1)
    with pytest.raises(ValueError, match='max_tokens_total='):
        studio.grow()
    studio.close()
    with pytest.raises(ValueError, match='max_dollars must be'):
        Studio(TASK, max_dollars='1')
