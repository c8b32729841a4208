"What the widgets say, without a browser"

import time

import pandas as pd
import pytest
from fake_server import serve
from fakes import Words, Writer
from helpers import TASK, openai

from syngen_nb import ShortWarning, Studio, Task, estimate, grow, start
from syngen_nb.batches import APIBatches
from syngen_nb.models import ModelError
from syngen_nb.widgets.run_view import RunView
from syngen_nb.widgets.studio import NAMES_ALL
from syngen_nb.widgets.task_form import describe_estimate
from syngen_nb.widgets.taxonomy_tree import TaxonomyTree


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
    n_cells = len(studio.taxonomy.cells())
    n_new = studio.form.plan.n_label * studio.form.plan.leaves
    assert studio.form.said['tree'] == f'40 rows: {n_cells} cells in the tree below; a new tree would have {n_new}'
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


class Dead(Writer):
    "Never answers"

    async def ask(self, request):
        raise ModelError('the server is gone', 'access')


def test_an_error_is_shown_once():
    "By the view of the run in a studio, and by a tree that stands alone"
    studio = Studio(TASK, model=Dead(), cache=':memory:')
    run = studio.grow()
    until(lambda: studio.progress.state.get('run', {}).get('error'))
    assert studio.progress.state['run']['error'] == 'the server is gone'
    assert studio.tree._top()['error'] == '' and TaxonomyTree(run=run)._top()['error'] == 'the server is gone'
    studio.close()


def test_another_name_for_a_label_costs_all_texts_and_the_studio_says_so():
    studio = Studio(TASK, model=Writer(), cache=':memory:')
    studio.taxonomy = grow(TASK, 1, 1, 1, model=Writer(), cache=':memory:', progress=False)
    studio.form.value = dict(rows='6')
    studio.generate().result()
    studio.taxonomy.rename(('Sea',), 'Ocean')
    until(lambda: NAMES_ALL[1:] in said(studio) and NAMES_ALL in studio._steps[1].hint)
    assert 'everything' not in said(studio)
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
    studio.generate().result()
    code = studio.code()
    assert code.count('budget = Budget(max_dollars=1.0)') == 1 and code.count('budget=budget') == 2
    names = dict(m=Priced())
    exec(code.replace('model=...', "model=m, cache=':memory:', progress=False"), names)
    pd.testing.assert_frame_equal(names['df'], studio.df)
    assert names['budget'].spent == studio.budget.spent
    studio.tree.grow(studio.taxonomy.children()[0].id, again=True).result()
    studio.generate().result()
    assert run.budget is studio.run.budget is studio.budget
    assert studio.budget.spent == studio.budget.sum.total() and studio.budget.n_on_way == 0
    assert studio.budget.spent.tokens > 1000 * studio.run.usage.requests > 0  # It says no numbers, so each is the most
    studio.budget.allow(max_dollars=2)
    assert studio.code().count('max_dollars=2.0') == 1  # The tree was edited, so the code writes it down
    studio.close()


def until(is_true):
    "Wait up to ten seconds"
    for _ in range(1000):
        if is_true():
            return
        time.sleep(0.01)
    raise AssertionError('It never came true')


def test_the_estimate_knows_the_answers_of_a_run_at_rest():
    "At the cap and at a pause what was answered counts as cached, before the run has ended"
    tree = grow(TASK, 1, 1, 1, model=Priced(), cache=':memory:', progress=False)
    studio = Studio(TASK, model=Priced(), cache=':memory:', max_dollars=0.02)
    studio.taxonomy = tree
    until(lambda: 'none of them is cached yet' in studio.form.said['estimate'])
    run = studio.generate()
    until(lambda: run.is_at_cap)
    until(lambda: f'{run.usage.requests} more requests are cached' in studio.form.said['estimate'])
    with pytest.raises(ValueError, match='No other request fits below the cap'):
        studio.progress._on_resume()
    studio.budget.allow(max_dollars=5)
    studio.progress._on_resume()  # Now there is room
    run.result()
    studio.close()
    studio = Studio(TASK, model=Words(0.1), cache=':memory:')
    studio.taxonomy = tree
    run = studio.generate()
    until(lambda: run.usage.requests)
    run.pause()  # With answers on their way
    until(lambda: not run.workspace.pace.jobs_on_way())
    until(lambda: f'{run.usage.requests} more requests are cached' in studio.form.said['estimate'])
    run.stop()
    studio.close()


def test_a_studio_says_early_that_a_cap_cannot_hold():
    studio = Studio(TASK, model=Writer(), cache=':memory:', max_dollars=1)
    with pytest.raises(ValueError, match='max_tokens_total='):
        studio.grow()
    studio.close()
    with pytest.raises(ValueError, match='max_dollars must be'):
        Studio(TASK, max_dollars='1')


def test_batches_of_a_studio(cache, monkeypatch):
    "The switch is there for models with batches; it is saved, in the code, and what Generate does"
    for name in ('poll_seconds', 'gather_seconds'):
        monkeypatch.setattr(APIBatches, name, 0.01)
    studio = Studio(TASK, model=Writer(), cache=cache, batch=True)
    step = studio._steps[1]
    assert not step.can_switch and 'openai/NAME' in step.about_switch
    with serve(stable=True) as server:
        studio.form.model = openai(server)
        assert step.can_switch and step.switched and 'half the price' in step.about_switch
        studio.form.value = dict(rows='6')
        studio.grow().result()
        assert not any('ids' in asked for asked in server.requests())  # Names are asked live
        studio.generate().result()
        assert sum('ids' in asked for asked in server.requests()) == 1
        assert 'batch=True' in studio.code()
        again = Studio.load(studio.save(cache.with_name('studio.json')) or cache.with_name('studio.json'), cache=cache)
        assert again.batch and again.code() == studio.code()
        step._answer(dict(op='switch', on=False), None)
        assert not studio.batch and '"batch"' not in studio.save()
    again.close()
    studio.close()
    studio = Studio(TASK, model='openai/x', cache=':memory:')
    assert not studio._steps[1].can_switch and 'on disk' in studio._steps[1].about_switch
    studio.close()
    with pytest.raises(ValueError, match='must be True or False'):
        Studio(TASK, batch='all', cache=':memory:')


def test_no_cell_waits_in_a_tree_whose_run_has_ended():
    "Others stand in for what some cells lack, which is known only at the end"
    model = Writer()
    model.faults = 0.6
    run = start(Task('Sort notes', ['a', 'b']), 24, model=model, cache=':memory:', seed=14, rounds=2, verify=True)
    tree = TaxonomyTree(run.taxonomy, run=run)
    with pytest.warns(ShortWarning):
        run.result()
    until(lambda: tree.state[''].get('run') == 'done')
    cells = [node.id for node in run.taxonomy.nodes.values() if node.kind == 'subtopic']
    assert any(run.state(cell)[0] == 'short' for cell in cells)
    until(lambda: all((tree._blank | tree.state[cell])['status'] == run.state(cell)[0] for cell in cells))
    tree.close()
