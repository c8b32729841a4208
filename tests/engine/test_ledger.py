"The ledger against plain lists, and against how texts were counted before it"

import random
import threading
from collections import namedtuple
from itertools import product

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from ledger_reference import Reference, series

from syngen_nb.duplicates import near_duplicates
from syngen_nb.filters import Filters
from syngen_nb.ledger import Cell, Ledger
from syngen_nb.text import fold, opening

Leaf = namedtuple('Leaf', 'place weight')
LABELS = ('Sea', 'Land')
OPENINGS = ('I recently watched this', 'Never before have we', 'So')
BODIES = ('while the old lamp burned in the garden by the wall', 'since my brother sold his boat to the captain', '')
ENDS = ('today', 'again', 'in May', 'TODAY!', 'at last')
TEXTS = [' '.join(o for o in parts if o) for parts in product(OPENINGS, BODIES, ENDS)]
CHOICES = (None, False, 'near_duplicate', 'opening')


class Plain:
    "A tree of lists: the cells of each label, with their places and weights"

    def __init__(self, weights):
        self.weights = weights  # Of each label a list; a cell is called by its label and number

    def order(self):
        return [cell for label in self.weights for cell in self.leaves(label)]

    def leaves(self, label):
        places = [(i % 2, i // 2, 0) for i in range(len(self.weights[label]))]
        found = {f'{label}{i}': Leaf(p, w) for i, (p, w) in enumerate(zip(places, self.weights[label]))}
        return dict(sorted(found.items(), key=lambda o: o[1].place))


class Judged:
    "A judge that is known to be fair after a while: before, it has nothing to say"

    def __init__(self, some):
        self.some, self.is_ready = some, False

    def read_as(self, label, text):
        return LABELS[random.Random(text).randrange(2)] if self.some else label

    def misread(self, cell, text):
        "For a cell of either kind"
        label = cell.path[0]
        if not self.is_ready or (read := self.read_as(label, text)) == label:
            return ''
        return f'reads like "{read}"' if random.Random(text[::-1]).random() < 0.8 else f'is not clearly "{label}"'


class Both:
    "The ledger and the reference, told the same"

    def __init__(self, rows, weights, filters, rounds, judged):
        self.judge, self.tree = Judged(judged), Plain(weights)
        self.rows, filters = dict(zip(LABELS, rows)), Filters(filters)
        misread = self.judge.misread if judged else None
        self.old = Reference(self.rows, self.tree, filters, rounds, misread)
        self.new = Ledger(sum(rows), rounds, filters.near, filters.opening, order=self.tree.order)
        if misread:
            self.new.misread = misread
        for label in LABELS:
            for i, cell in enumerate(self.tree.leaves(label)):
                path = (label, 'notes', 'a topic', f'number {i}')
                s = self.old._cells[cell] = series(cell, path, 0)
                objection = lambda text: 'says May' if 'May' in text else ''
                self.new.add(Cell(cell, path, 0, has_given_up=lambda s=s: s.gave_up, objection=objection))
        self.share_out()
        self.old._share_out()

    def share_out(self):
        for label, leaves in ((label, self.tree.leaves(label)) for label in LABELS):
            cells = {leaf.place: self.new.cells[cell] for cell, leaf in leaves.items()}
            weights = {leaf.place: leaf.weight for leaf in leaves.values()}
            self.new.share_out(self.rows[label], cells, weights)

    def take(self, cell, texts):
        for t in texts:
            self.new.cells[cell].texts.setdefault(fold(t), t)
            self.old._cells[cell].got.setdefault(fold(t), t)
        self.changed()

    def changed(self):
        self.new.touch()
        self.old._turn += 1

    def check(self):
        "Whether both know the same of every cell"
        for s, cell in zip(self.old._cells.values(), self.new.cells.values(), strict=True):
            assert cell.id == s.node
            assert list(cell.texts.items()) == list(s.got.items())
            assert (cell.kept, cell.rejected, cell.alike) == (s.kept, s.late, s.like)
            assert (cell.share, cell.due, cell.idle_rounds) == (s.share, s.due, s.idle)
            assert (cell.is_spent, cell.is_eased) == (s.spent, s.eased)

    def select(self, full):
        new, old = self.new.select(full), self.old._keep(full)
        assert new == old and list(new) == list(old)
        return new

    def ease(self):
        new = self.new.ease()
        assert new == self.old._ease()
        return new

    def settle(self):
        self.new.end_round()
        self.share_out()
        asks = list(self.new.lacking().items())
        assert asks == self.old._settle()
        return asks

    def relabel(self):
        moved = []
        has_moved = self.new.relabel(
            lambda cell, text: self.judge.read_as(cell.label, text),
            lambda old, new, text: moved.append((text, old.id, new.id)),
        )
        says_may = lambda s, t: 'May' in t
        assert moved == self.old._relabel(lambda s, t: self.judge.read_as(s.path[0], t), says_may)
        assert has_moved == bool(moved)
        return moved


weight = st.sampled_from([1.0, 1.0, 1.0, 2.0, 0.5, 0.0])
settings_of_a_run = dict(
    rows=st.tuples(*[st.sampled_from([0, 1, 2, 3, 5, 8, 300])] * 2),
    weights=st.tuples(*[st.lists(weight, min_size=1, max_size=4)] * 2).map(lambda o: dict(zip(LABELS, o))),
    filters=st.sampled_from(CHOICES),
    rounds=st.integers(1, 3),
    judged=st.booleans(),
)
many = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@many
@given(st.builds(Both, **settings_of_a_run), st.data())
def test_as_before_whatever_happens(both, data):
    "Any sequence of answers, looks, failures and ends of rounds"
    cells = list(both.new.cells)
    steps = st.sampled_from(
        ['take'] * 6 + ['quick', 'full', 'give up', 'verdict', 'ease', 'settle', 'settle', 'relabel']
    )
    for _ in range(data.draw(st.integers(1, 14))):
        step = data.draw(steps)
        cell = data.draw(st.sampled_from(cells))
        if step == 'take':
            both.take(cell, data.draw(st.lists(st.sampled_from(TEXTS), max_size=6)))
        elif step in ('quick', 'full'):
            both.select(step == 'full')
        elif step == 'give up':
            s = both.old._cells[cell]
            s.gave_up = not s.gave_up
        elif step == 'verdict':
            both.judge.is_ready = True
            both.changed()
        else:
            getattr(both, step)()
        both.check()
    both.select(True)
    both.check()
    for reason in {reason for cell in both.new.cells.values() for _, reason in cell.rejected}:
        event(reason)


@many
@given(st.builds(Both, **settings_of_a_run), st.integers(0, 99), st.booleans())
def test_as_before_in_whole_runs(both, seed, looks_on):
    "Rounds as a run has them, until no cell asks; whether anyone looks on changes nothing"
    rng = random.Random(seed)
    asks = [(cell.id, cell.share) for cell in both.new.cells.values()]
    for _ in range(60):
        for cell, lack in asks:
            both.take(cell, rng.choices(TEXTS, k=min(lack, 5)))
            if looks_on:
                both.select(False)
        both.judge.is_ready = True
        both.changed()
        while both.judge.some and both.relabel():
            both.check()
        if both.ease():
            both.check()
            asks = []
            continue
        asks = both.settle()
        both.check()
        if not asks:
            break
    else:
        raise AssertionError('it goes on for ever')
    both.new.close()
    both.old._kept = both.old._keep(True)
    both.changed()
    kept = both.select(False)
    for label, rows in both.rows.items():
        assert sum(len(kept[cell]) for cell in both.tree.leaves(label)) <= rows
    texts = [text for some in kept.values() for text in some]
    assert len(set(map(fold, texts))) == len(texts)
    if both.new.compares_texts:
        assert set(near_duplicates(texts)) <= {-1}
    event(f'eased: {any(cell.is_eased for cell in both.new.cells.values())}')
    event(f'spent: {any(cell.is_spent for cell in both.new.cells.values())}')


def one_cell(rows, texts, **kwargs):
    "Return a ledger with one cell that has these texts."
    new = Ledger(rows, 2, **kwargs)
    new.add(Cell('c', ('Sea', 'notes', 'a topic', 'one'), rows, {fold(t): t for t in texts}))
    return new


def test_a_cell_taken_out_of_the_tree_is_left_out():
    order = ['a', 'b']
    new = Ledger(4, order=lambda: order)
    for name in 'ab':
        new.add(Cell(name, ('Sea', name), 2, {name: name}))
    order.remove('b')
    new.touch()
    assert new.select() == dict(a=['a'])
    assert not new.ease()
    new.end_round()
    assert new.lacking()['a'] == 1


def test_a_look_is_shared_until_something_changes():
    new = one_cell(2, ['one'])
    full = new.select(full=True)
    assert new.select(full=False) is full and new.select(full=True) is full
    new.touch()
    quick = new.select(full=False)
    assert quick is not full and new.select(full=False) is quick and new.select(full=True) is not quick


@pytest.mark.parametrize('n, most', [(100, 1), (400, 2), (1000, 5)])
def test_how_many_openings(n, most):
    texts = [f'So it was number {i}' if i % 10 == 0 else f'{i} and {i * 7} then {i * 13}' for i in range(n)]
    new = one_cell(n, texts, compares_texts=False)
    assert sum(opening(t) == 'so it was number' for t in new.select(True)['c']) == most


def test_an_older_look_does_not_overwrite_a_newer_one():
    "A full look of a second thread that ends late leaves what the newer one has rejected"
    began, may_end = threading.Event(), threading.Event()
    misread = {'now': ''}

    def say(cell, text):
        said = misread['now']
        if threading.current_thread() is late:
            began.set()
            may_end.wait(10)
        return said

    ledger = Ledger(2, misread=say)
    ledger.add(Cell('a', ('Sea', 'x'), 2, {'one': 'one', 'two': 'two'}))
    late = threading.Thread(target=ledger.select)
    late.start()
    began.wait(10)
    misread['now'] = 'reads like Land'
    ledger.touch()
    ledger.select()
    may_end.set()
    late.join(10)
    assert [text for text, _ in ledger.cells['a'].rejected] == ['one', 'two']
