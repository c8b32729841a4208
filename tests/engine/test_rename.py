"Names of the tree that change before, while or after texts are written: rows follow their cell"

import asyncio
import json
import random
import threading

import pandas as pd
import pytest
from fakes import WORDS

from syngen_nb import Judge, Model, Studio, Task, Taxonomy, start, to_csv
from syngen_nb.evaluate import read_both
from syngen_nb.tree_io import follow_tree
from syngen_nb.widgets.data_view import DataView

TASK = Task('Sort the mail', dict(spam='Nobody asked for it', ham='Somebody did', news='For everybody'))
PLAN = dict(n_source_type=1, n_topic=2, n_subtopic=1, sample_per_subtopic=2)


class Mail(Model):
    "Writes words, and judges that a text is what it was written for; can wait after some texts"

    name = 'my/mail'
    concurrency = 1

    def __init__(self, waits_after=None):
        self.n = 0
        self.n_texts = 0
        self.waits_after = waits_after
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.prompts_of_texts = []

    async def ask(self, request):
        if 'Answer with its mark only' in request.prompt:
            marks = dict(reversed(line.split('. ', 1)) for line in request.prompt.splitlines() if line[1:3] == '. ')
            said = request.prompt.split('Text:\n')[1].split()[0]
            return next((mark for name, mark in marks.items() if name.startswith(said)), 'A')
        (key,) = request.schema['properties']['items']['items']['properties']
        self.n += 1
        rng = random.Random(self.n)
        if key != 'text':
            n = request.schema['properties']['items']['minItems']
            return json.dumps(dict(items=[{key: ' '.join(rng.sample(WORDS, 3))} for _ in range(n)]))
        if self.n_texts == self.waits_after:
            self.waits.set()
            while not self.goes_on.is_set():
                await asyncio.sleep(0.01)
        self.n_texts += 1
        self.prompts_of_texts.append(request.prompt)
        return json.dumps(dict(items=[dict(text=' '.join(rng.sample(WORDS, 9))) for _ in range(2)]))


def run_of(model, what=TASK, **options):
    options = PLAN | dict(model=model, cache=':memory:', filters=['too_short']) | options
    return start(what, **options)


def same_rows(df, other):
    "Whether both frames have the same texts in the same cells"
    return df[['text', 'cell']].equals(other[['text', 'cell']])


def test_after_a_run_and_with_undo():
    run = run_of(Mail())
    before = run.result()
    tree = run.taxonomy
    topic = tree.children(tree.children(('ham',))[0])[0]
    tree.rename(('ham',), 'wanted')
    tree.rename(topic, 'the bank')
    tree.rename(tree.children(topic)[0], 'a bill')
    tree.rename(tree.children(('wanted',))[0], 'letters')
    after = run.frame
    assert same_rows(after, before)
    assert list(after.label.cat.categories) == ['spam', 'wanted', 'news']
    assert after.label.isna().sum() == 0 and (after.label == 'wanted').sum() == 4
    assert tuple(after[after.cell == tree.children(topic)[0].id].iloc[0][['source_type', 'topic', 'subtopic']]) == (
        'letters', 'the bank', 'a bill',
    )  # fmt: skip
    assert after.attrs['syngen']['labels']['wanted'] == 'Somebody did'
    assert 'ham' not in to_csv(after)
    assert run.result().equals(after)
    for _ in range(4):
        tree.undo()
    assert run.frame.equals(before)


def test_while_texts_are_written():
    "Also of a label whose texts have not come yet; the cache and the rest of the run know nothing of it"
    model = Mail(waits_after=2)
    run = run_of(model)
    model.waits.wait(10)
    run.taxonomy.rename(('spam',), 'rubbish')
    run.taxonomy.rename(('news',), 'letters to all')
    assert set(run.frame.label) == {'rubbish'}
    model.goes_on.set()
    df = run.result()
    assert df.label.value_counts().to_dict() == {'rubbish': 4, 'ham': 4, 'letters to all': 4}
    again = run_of(Mail())
    assert list(again.result().text) == list(df.text)


def test_a_cell_that_is_added_after_a_rename():
    model = Mail(waits_after=1)
    run = run_of(model)
    model.waits.wait(10)
    tree = run.taxonomy
    tree.rename(('ham',), 'wanted')
    topic = tree.children(tree.children(('wanted',))[0])[0]
    new = tree.add(topic, 'by hand')
    model.goes_on.set()
    df = run.result()
    assert df.label.isna().sum() == 0 and (df.label == 'wanted').sum() == 4
    assert run.state(new.id)[0] is not None


def test_a_filter_looks_for_the_new_name():
    "A text must not give away the name that its row will have"
    model = Mail(waits_after=0)
    run = run_of(model, filters=['label_name'])
    model.waits.wait(10)
    word = ' '.join(random.Random(model.n).sample(WORDS, 9)).split()[0]  # Of the text that comes next
    run.taxonomy.rename(('spam',), word)
    model.goes_on.set()
    df = run.result()
    dropped = run.dropped
    assert word in ' '.join(dropped.text) and set(dropped.reason) == {'says the name of its label'}
    assert not any(word in text.split() for text in df[df.label == word].text)


def test_the_judge_goes_on():
    "It was asked about the old names, and what it says is shown with the new ones"
    model = Mail()
    run = run_of(model, verify=Judge('keep', votes=1))
    before = run.result()
    run.taxonomy.rename(('spam',), 'rubbish')
    after = run.frame
    assert list(after.checked_label.cat.categories) == ['rubbish', 'ham', 'news']
    old = {'spam': 'rubbish'}
    assert list(after.checked_label) == [old.get(label, label) for label in before.checked_label]
    assert after.confidence.equals(before.confidence) and after.checked_label.notna().all()


def test_names_that_are_swapped_and_labels_that_are_merged():
    tree = Taxonomy(TASK)
    for label in tree.children():
        tree.add(tree.add(tree.add(label, 's'), 't'), f'about {label.name}')
    rows = [(f'text {i}', *tree.path(cell), cell.id) for i, cell in enumerate(tree.cells())]
    df = pd.DataFrame(rows, columns=['text', 'label', 'source_type', 'topic', 'subtopic', 'cell'])
    names = [label.name for label in TASK.labels]
    df['label'], df['checked_label'] = pd.Categorical(df.label, names), pd.Categorical(['ham'] * 3, names)
    assert follow_tree(df, tree) is df
    swapped = tree.copy()
    for node, name in [(('spam',), 'x'), (('ham',), 'spam'), (('x',), 'ham')]:
        swapped.rename(node, name)
    now = follow_tree(df, swapped)
    assert list(now.label) == ['ham', 'spam', 'news'] and list(now.checked_label) == ['spam'] * 3
    assert follow_tree(now, tree).equals(df)
    merged = tree.copy()
    merged.merge(('spam',), ('ham',))
    now = follow_tree(df, merged)
    assert list(now.label) == ['spam', 'spam', 'news'] and list(now.label.cat.categories) == ['spam', 'news']
    assert list(now.checked_label) == ['spam'] * 3
    moved = tree.copy()
    moved.move(moved.cells(('ham',))[0], moved.children(moved.children(('news',))[0])[0])
    assert list(follow_tree(df, moved).label) == ['spam', 'news', 'news']
    cut = tree.copy()
    cut.remove(cut.cells(('ham',))[0])
    assert follow_tree(df, cut) is df  # It has nothing to follow
    other = df.drop(columns='cell')
    assert follow_tree(other, swapped) is other


def test_a_renamed_label_is_evaluated_with_real_texts():
    "After a rename, real texts with the new names fit"
    run = run_of(Mail())
    run.result()
    run.taxonomy.rename(('ham',), 'wanted')
    real = pd.DataFrame(dict(text=['a', 'b', 'c'], label=['spam', 'wanted', 'news']))
    assert read_both(run.frame, real).labels == ['spam', 'wanted', 'news']


# --- on the page


@pytest.fixture
def studio():
    studio = Studio(TASK, model=Mail(), cache=':memory:', seed=0)
    tree = Taxonomy(TASK)
    for label in tree.children():
        for name in 'one', 'two':
            tree.add(tree.add(tree.add(label, f'type {name}'), f'topic {name}'), f'cell {name}')
    studio.taxonomy = tree

    run = studio.generate()
    run._future.result(20)
    run.result()
    return studio


def test_the_studio_follows(studio):
    studio._ran(set())
    before = studio.df
    view, tree = studio.data, studio.taxonomy
    view.filter(label='ham')
    n = len(view.shown)
    assert 0 < n < len(before)
    tree.rename(('ham',), 'wanted')
    assert same_rows(studio.df, before) and set(studio.df.label) == {'spam', 'wanted', 'news'}
    assert view.selection.label == 'wanted' and len(view.shown) == n and set(view.shown.label) == {'wanted'}
    assert [name for name, _ in view.bar.info['labels']] == ['spam', 'wanted', 'news']
    files = []
    view.bar.send_file = lambda data, **how: files.append(data.decode())
    view.bar._on_save('csv')
    view.bar._on_save('jsonl')
    assert all('wanted' in text and '"ham"' not in text for text in files)
    tree.undo()
    assert studio.df.equals(before) and view.selection.label == 'ham' and view.df.equals(before)


def test_the_studio_keeps_the_selected_node(studio):
    studio._ran(set())
    tree = studio.taxonomy
    source_type = tree.children(('ham',))[0]
    studio.tree.selected = source_type.id
    n = len(studio.data.shown)
    tree.rename(source_type, 'letters')
    assert studio.data.selection.what == 'ham · letters' and len(studio.data.shown) == n
    assert set(studio.data.shown.source_type) == {'letters'}


def test_a_saved_studio_has_the_new_name(studio, tmp_path):
    studio._ran(set())
    studio.taxonomy.rename(('ham',), 'wanted')
    studio.save(tmp_path / 'studio.json')
    other = Studio.load(tmp_path / 'studio.json', model=Mail(), cache=':memory:')
    assert other.df.equals(studio.df) and 'wanted' in set(other.df.label)
    other.taxonomy.rename(('wanted',), 'welcome')
    assert 'welcome' in set(other.df.label) and 'welcome' in set(other.data.df.label)
    other.taxonomy.undo()
    assert other.df.equals(studio.df)


def test_rows_that_wait_to_be_shown_follow_too(studio):
    studio._ran(set())
    df = studio.df
    view = DataView(df.head(20))  # More than a page
    view.offer(df)
    tree = studio.taxonomy.copy()
    tree.rename(('spam',), 'rubbish')
    view.follow(tree)
    assert len(view.shown) == 20 and set(view.shown.label) <= {'rubbish', 'ham', 'news'}
    assert view.df.label.value_counts()['rubbish'] == (df.label == 'spam').sum()
    assert view.bar.info['new'] == f'Show {len(df) - 20} new'
