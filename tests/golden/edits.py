"""Trees after each kind of edit, as lines of text: ids, places and what is said of a node.

They use the public face alone."""

import difflib
import json
import pickle
import tempfile
from pathlib import Path

from fakes import Writer
from golden.cases import QUIET, RICH, SMALL, TASK

from syngen_nb import Label, Task, Taxonomy, grow


def grown(cache, task=TASK, prompts=None):
    "Return a tree as the model grew it."
    return grow(task, 2, 2, 2, model=Writer(prompts), cache=cache, **QUIET)


def topic_of(tax, label=0, source=0, topic=0):
    "Return a topic by its place."
    return tax.children(tax.children(tax.children()[label])[source])[topic]


def move_up(tax):
    source = tax.children(tax.children()[1])[0]
    tax.move(tax.children(source)[1], at=0)


def move_away(tax):
    tax.move(topic_of(tax), tax.children(tax.children()[2])[1], at=1)


def merge_topics(tax):
    one, two = topic_of(tax), topic_of(tax, source=1)
    tax.add(one, 'the same name')
    tax.add(two, 'The Same  name')
    tax.remove(tax.children(two)[0])
    tax.merge(one, two)


def many_in_one_step(tax):
    with tax.edit('all of it'):
        tax.rename(topic_of(tax), 'one')
        tax.add(topic_of(tax), 'two', origin='errors')


def one_that_fails(tax):
    try:
        with tax.edit('half of it'):
            tax.rename(topic_of(tax), 'one')
            tax.rename(topic_of(tax, topic=1), 'one')
    except ValueError:
        pass


def new_labels(tax):
    tax.retask(Task(tax.task.instruction, ['Air', Label('Water', 'wet'), 'Land']))


def another_task(tax):
    tax.lock(topic_of(tax))
    tax.rename(topic_of(tax, 1), 'kept')
    tax.retask(Task('Sort letters', ['Land', 'Sea'], language='French'))


EDITS = {
    'add a label': lambda tax: tax.add('task', 'Fire', description='hot'),
    'add a source type': lambda tax: tax.add(tax.children()[0], 'Post Cards'),
    'add a topic': lambda tax: tax.add(tax.children(tax.children()[0])[0], 'post  cards'),
    'add a subtopic twice': lambda tax: [tax.add(topic_of(tax, topic=i), 'über die Straße') for i in (0, 1)],
    'rename a label': lambda tax: tax.rename(('Sea',), 'Ocean'),
    'rename a topic': lambda tax: tax.rename(topic_of(tax), 'by hand'),
    'move up': move_up,
    'move away': move_away,
    'merge topics': merge_topics,
    'merge labels': lambda tax: tax.merge(tax.children()[0], tax.children()[2]),
    'remove a subtopic': lambda tax: tax.remove(tax.cells()[0]),
    'remove a label': lambda tax: tax.remove(('Land',)),
    'lock and unlock': lambda tax: [
        tax.lock(topic_of(tax)),
        tax.lock(topic_of(tax, 1)),
        tax.lock(topic_of(tax), False),
    ],
    'weigh': lambda tax: [tax.weigh(topic_of(tax), 0), tax.weigh(tax.children()[1], 2.5)],
    'many in one step': many_in_one_step,
    'one that fails': one_that_fails,
    'new labels': new_labels,
    'another task': another_task,
}


def lines_of(tax):
    "Return the tree as lines of JSON: the task, the plan, and a line for each node."
    data = tax.to_dict()
    nodes = data.pop('nodes')
    return [json.dumps(o, ensure_ascii=False) for o in (data, *nodes)]


def looked_at(tax):
    "Return what the methods that look at a tree say, as lines."
    cells = tax.cells()
    return [
        repr(tax),
        f'{len(tax)} nodes, {len(cells)} cells, steps {tax.steps}',
        *(f'{o.id} {" > ".join(tax.path(o))} share {tax.share(o):g} locked {tax.is_locked(o)}' for o in cells),
    ]


def saved(tax):
    "Return the text of a saved tree, and whether it is the same when it is loaded."
    path = Path(tempfile.mkdtemp()) / 'tree.json'
    tax.save(path)
    same = [
        Taxonomy.load(path) == tax,
        Taxonomy.from_dict(tax.to_dict()) == tax,
        pickle.loads(pickle.dumps(tax)) == tax,
    ]
    return [*path.read_text(encoding='utf-8').splitlines(), str(same)]


def edited_frame(tax):
    "Return the tree that an edited frame of `tax` makes: another order, names, weights, a new row, and some gone."
    frame = tax.to_frame()
    frame = frame.iloc[::-1].drop(frame.index[[1, 4]])
    frame.loc[frame.index[0], 'subtopic'] = 'renamed in a frame'
    frame.loc[frame.index[3], ['weight', 'locked']] = [3.0, True]
    frame.loc['new'] = [*frame.iloc[5][['label', 'source_type']], 'a new topic', 'a new subtopic', 1.0, False, 'hand']
    return tax.from_frame(frame)


def change(old, new):
    "Return what is different between two lists of lines."
    return list(difflib.unified_diff(old, new, lineterm='', n=0))[2:]


def tree_lines(cache):
    "Return the lines of trees: grown by each prompt set, and what each edit, undo and redo changes."
    trees = dict(grown=grown(cache), small=grown(cache, prompts=SMALL), rich=grown(cache, RICH), bare=Taxonomy(TASK))
    found = {name: [*lines_of(tax), *looked_at(tax)] for name, tax in trees.items()}
    found['saved'] = saved(Taxonomy(RICH))
    found['frame'] = grown(cache).to_frame().to_csv().splitlines()
    found['from a frame'] = change(found['grown'], lines_of(edited_frame(grown(cache))))
    for name, edit in EDITS.items():
        tax = grown(cache)
        edit(tax)
        edited = lines_of(tax)
        found[name] = change(found['grown'], [*edited, *looked_at(tax)])
        found[f'{name}, undone'] = [str(tax.undo()), *change(found['grown'], [*lines_of(tax), *looked_at(tax)])]
        found[f'{name}, redone'] = [str(tax.redo()), str(tax.steps), *change(edited, lines_of(tax))]
    found['all'] = all_edits(cache)
    return found


def all_edits(cache):
    "Return a tree after all edits that go together, with one in the middle taken back."
    tax = grown(cache)
    for name in ('add a label', 'rename a topic', 'move away', 'remove a subtopic', 'weigh', 'rename a label'):
        EDITS[name](tax)
    said = [str(tax.undo()) for _ in range(3)]
    tax.redo()
    tax.lock(tax.children()[0])
    copied = tax.copy()
    return [*said, *lines_of(tax), *looked_at(tax), str(copied == tax), str(copied.steps)]
