"Labels in other shares than equal ones: exact, and nothing else changes"

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from fakes import Writer
from golden.cases import TASK as EQUAL
from hypothesis import given, settings
from hypothesis import strategies as st

from syngen_nb import Cache, Label, Plan, Studio, Task, Taxonomy, card, generate, grow, report
from syngen_nb.annotate import task_of
from syngen_nb.widgets.studio_file import task_code

SHARES = (6, 3, 1)
RARE = Task(EQUAL.instruction, [Label(label.name, share=share) for label, share in zip(EQUAL.labels, SHARES)])
QUIET = dict(progress=False, filters=False)


def write(task, cache, *args, **kw):
    return generate(task, *args, model=Writer(), cache=cache, **QUIET, **kw)


def rows_of(df):
    return df.label.value_counts(sort=False).tolist()


def task_with(shares):
    return Task('x', [Label(f'label {i}', share=share) for i, share in enumerate(shares)])


def highest_quotients(n, shares):
    "Return the rows of each label by going through all quotients, the largest first; ties go to the first label."
    quotients = [(-Fraction(share) / (2 * k + 1), i) for i, share in enumerate(shares) for k in range(n)]
    winners = [i for _, i in sorted(quotients)[:n]]
    return [winners.count(i) for i in range(len(shares))]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=2, max_size=5), st.integers(2, 60))
def test_rows_are_those_of_the_highest_quotients(shares, n):
    "N rows in all, each label at least one and as many as its share gives it; or an error that names a number that is enough"
    task = task_with(shares)
    if n < len(shares):
        n = len(shares)
    expected = highest_quotients(n, shares)
    if all(expected):
        plan = Plan.make(task, n)
        assert sum(plan.rows()) == n
        assert plan.rows() == expected
        exact = [Fraction(share, sum(shares)) * n for share in shares]
        assert len(shares) > 2 or all(abs(rows - part) <= Fraction(1, 2) for rows, part in zip(plan.rows(), exact))
        return
    with pytest.raises(ValueError, match='Give at least') as failed:
        Plan.make(task, n)
    enough = int(str(failed.value).split('Give at least ')[1].split(' rows')[0].replace(',', ''))
    assert all(Plan.make(task, enough).rows())
    assert enough - n <= max(shares) * len(shares)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(50, 300), st.sampled_from([0.5, 4, 64]))
def test_shares_are_relative(shares, n, factor):
    "Ten times all shares are the same shares, and equal ones are none"
    assert Plan.make(task_with(shares), n) == Plan.make(task_with(shares), n)
    scaled = task_with([share * factor for share in shares])
    assert Plan.make(scaled, n).rows() == Plan.make(task_with(shares), n).rows()
    if len(set(shares)) == 1:
        assert Plan.make(scaled, n) == Plan.make(task_with([1] * len(shares)), n)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(60, 300))
def test_the_tree_does_not_depend_on_shares(shares, n):
    equal, plan = Plan.make(task_with([1] * len(shares)), n), Plan.make(task_with(shares), n)
    assert plan.leaves == equal.leaves
    before = Taxonomy(task_with([1] * len(shares)))
    assert list(Taxonomy(task_with(shares)).nodes) == list(before.nodes)


def test_the_rows_have_the_shares():
    df = write(RARE, Cache(':memory:'), 60)
    assert rows_of(df) == [36, 18, 6]
    assert df.attrs['syngen']['plan']['shares'] == [6, 3, 1]


def test_answers_of_equal_shares_are_used_again():
    "The same requests are sent, so a cache with more than is needed answers everything"
    cache = Cache(':memory:')
    equal = write(EQUAL, cache, n_source_type=2, n_topic=2, n_subtopic=1, n_record_to_generate=120)
    n_answers = len(cache)
    rare = write(RARE, cache, n_source_type=2, n_topic=2, n_subtopic=1, n_record_to_generate=60)
    assert len(cache) == n_answers and rows_of(rare) == [36, 18, 6]
    assert set(rare.cell) <= set(equal.cell) and set(rare.text) <= set(equal.text)


def test_four_counts_give_their_product_in_the_mean():
    "A task and its tree give the same: as many rows as with equal shares, in the shares asked for"
    counts = dict(n_source_type=2, n_topic=2, n_subtopic=1)
    cache = Cache(':memory:')
    df = write(RARE, cache, **counts, sample_per_subtopic=5)
    assert rows_of(df) == [36, 18, 6]
    tree = grow(RARE, **counts, model=Writer(), cache=cache, progress=False)
    assert rows_of(write(tree, cache, sample_per_subtopic=5)) == [36, 18, 6]


def test_a_weight_counts_on_top():
    tree = grow(RARE, 2, 2, 1, model=Writer(), cache=Cache(':memory:'), progress=False)
    tree.weigh(('Air',), 6)
    assert rows_of(write(tree, Cache(':memory:'), 60)) == [24, 12, 24]
    tree.weigh(('Air',), 0)
    assert rows_of(write(tree, Cache(':memory:'), 60)) == [40, 20, 0]


HUGE = [10**400, -(10**400), 10**5000, Fraction(10**400), Decimal('1e400'), Decimal('nan'), Decimal('snan')]
BAD_SHARES = [0, -1, float('nan'), float('inf'), 1e10, '9', '10 %', True, np.True_, None, 1j, [1], *HUGE]


@pytest.mark.parametrize('share', BAD_SHARES, ids=range(len(BAD_SHARES)))
def test_a_bad_share_is_an_error_at_once(share):
    with pytest.raises(ValueError, match="The share of label 'spam' is .*give a number from"):
        Label('spam', share=share)
    with pytest.raises(ValueError, match="The share of label 'spam' is"):
        Taxonomy(RARE).add('task', 'spam', share=share)


@pytest.mark.parametrize('share', [Decimal('0.25'), Fraction(1, 4), np.float32(0.25), 0.25])
def test_any_kind_of_number_is_a_share(share):
    assert Label('spam', share=share).share == 0.25


def test_too_few_rows_for_a_share_ask_nothing():
    model = Writer()
    for what in (RARE, Taxonomy(RARE)):
        with pytest.raises(ValueError, match="no row to the label 'Air'.*Give at least 6 rows"):
            generate(what, 4, model=model, cache=Cache(':memory:'), **QUIET)
    assert not model.asked
    assert all(Plan.make(RARE, 6).rows())


def test_only_a_label_has_a_share():
    tree = Taxonomy(RARE)
    with pytest.raises(ValueError, match='Only a label'):
        tree.add(('Air',), 'letters', share=2)


def test_a_tree_keeps_shares_through_edits():
    tree = Taxonomy(RARE)
    tree.rename(('Air',), 'Sky')
    tree.add('task', 'Fire', share=5)
    tree.remove(('Land',))
    assert [(label.name, label.share) for label in tree.task.labels] == [('Sea', 6), ('Sky', 1), ('Fire', 5)]
    tree.undo()
    assert [label.share for label in tree.task.labels] == [6, 3, 1, 5]
    assert Taxonomy.from_dict(json.loads(json.dumps(tree.to_dict()))) == tree
    assert tree.from_frame(tree.to_frame()).task == tree.task
    tree.retask(EQUAL)
    assert tree.task == EQUAL
    assert 'share' not in json.dumps(tree.to_dict())


def test_an_old_tree_has_equal_shares():
    "A tree that was saved before there were shares is the same tree, with the weights of its labels"
    old = Taxonomy(EQUAL)
    old.weigh(('Air',), 2)
    again = Taxonomy.from_dict(json.loads(json.dumps(old.to_dict())))
    assert again == old and again.task == EQUAL


def test_a_studio_keeps_shares(tmp_path):
    "The form, the file and the code of a studio"
    studio = Studio(RARE, model=Writer(), cache=':memory:')
    assert studio.form.task == RARE
    assert '3 labels, with 60 %, 30 %, 10 % of the rows' == studio.form.said['labels']
    studio.form.value = studio.form.value | dict(language='German')  # Whatever else is typed
    assert [label.share for label in studio.form.task.labels] == [6, 3, 1]
    studio.taxonomy = Taxonomy(studio.form.task)
    studio.taxonomy.add('task', 'Fire', share=2)
    assert [label.share for label in studio.form.task.labels] == [6, 3, 1, 2]
    rows = [dict(row) for row in studio.form.value['labels']]
    del rows[0]['share']
    rows[1]['share'] = '10 %'
    studio.form.value = studio.form.value | dict(labels=rows)
    assert [label.share for label in studio.form.task.labels] == [44, 10, 44, 2]  # Two are blank
    studio.taxonomy.retask(studio.form.task)  # As Grow does; what was typed stays
    assert studio.form.value['labels'] == rows
    path = tmp_path / 'studio.json'
    studio.save(path)
    again = Studio.load(path, model=Writer(), cache=':memory:')
    assert again.form.value['labels'] == studio.form.value['labels'] == rows
    assert again.form.task == studio.form.task and again.taxonomy == studio.taxonomy
    made = {}
    exec(studio.code(), made)
    assert made['tax'] == studio.taxonomy and 'share=44.0' in studio.code()
    for some in (studio, again):
        some.close()


def test_code_of_a_task():
    odd = Task('x', [Label('a', 'it’s "a"', 1 / 3), Label('b', share=2), Label('c')])
    assert eval(task_code(odd)) == odd and eval(repr(RARE)) == RARE


def test_card_and_report_know_shares():
    df = write(RARE, Cache(':memory:'), 60)
    said = card(df, health=False)
    assert "Label('Sea', share=6.0)" in said and 'from syngen_nb import Label, Task, generate' in said
    assert '| shares | Sea 6, Land 3, Air 1 |' in said
    assert task_of(df) == RARE
    assert report(df)['balance'] == 1
    df.attrs = {}
    assert report(df)['balance'] == 6 / 36
