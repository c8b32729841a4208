"The four counts, and trees that were edited by hand"

from collections import Counter

import pytest
from fake_server import serve
from helpers import TASK, check_exact, openai

from syngen_nb import generate, grow

N = dict(n_source_type=2, n_topic=3, n_subtopic=2)
LEAVES, EACH = 12, 4
quiet = dict(progress=False)


@pytest.fixture
def tree(server, cache):
    "A tree of 3 x 2 x 3 x 2, how to ask further, and the server"
    kw = dict(model=openai(server), cache=cache, **quiet)
    return grow(TASK, **N, **kw), kw, server


def sizes(df):
    return Counter(df.cell)


def per_label(df):
    return {o: int((df.label == o).sum()) for o in df.label.cat.categories}


def ids(tax, node='task'):
    return [o.id for o in tax.walk(node)]


def names(tax, node):
    return [o.name for o in tax.children(node)]


def test_four_counts_of_a_task(server, cache):
    "Labels times product rows; every cell has its share"
    df = generate(TASK, **N, sample_per_subtopic=EACH, model=openai(server), cache=cache, **quiet)
    check_exact(df, 3 * LEAVES * EACH)
    assert per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], LEAVES * EACH)
    assert len(sizes(df)) == 3 * LEAVES and set(sizes(df).values()) == {EACH}
    for cols, k in ((['source_type'], 2), (['source_type', 'topic'], 6), (['source_type', 'topic', 'subtopic'], 12)):
        assert set(df[['label', *cols]].drop_duplicates().groupby('label', observed=True).size()) == {k}


def test_four_counts_through_faults(cache):
    "The same when half of the answers are bad"
    with serve(faults=dict(short=0.15, truncated=0.15, bad_item=0.1, long=0.1, repeated=0.05)) as s:
        df = generate(TASK, **N, sample_per_subtopic=EACH, model=openai(s), cache=cache, rounds=12, **quiet)
    assert len(sizes(df)) == 3 * LEAVES and set(sizes(df).values()) == {EACH}
    check_exact(df, 3 * LEAVES * EACH)


def test_same_tree_whichever_way(tree):
    "The four counts of a task make the tree that `grow` makes, and its rows; sample_per_subtopic on the tree gives the same frame for nothing"
    tax, kw, s = tree
    df = generate(TASK, **N, sample_per_subtopic=EACH, **kw)
    assert set(df.cell) == {o.id for o in tax.cells()}
    at = s.count
    assert generate(tax, sample_per_subtopic=EACH, **kw).equals(df) and s.count == at
    assert generate(tax, **N, sample_per_subtopic=EACH, **kw).equals(df) and s.count == at


def test_renamed(tree):
    "A renamed node keeps its id and its place, its cells get their share, and texts are written for the new name; the others' stay"
    tax, kw, s = tree
    before = generate(tax, sample_per_subtopic=EACH, **kw)
    topic = tax.children(tax.children(('Land',))[0])[1]
    was = topic.name
    tax.rename(topic, 'Steam trains')
    at = s.count
    df = generate(tax, sample_per_subtopic=EACH, **kw)
    assert sizes(df) == sizes(before) and list(df.cell) == list(before.cell)
    mine = df.topic == 'Steam trains'
    assert set(df[mine].cell) == {o.id for o in tax.cells(topic)} and was not in set(df[df.label == 'Land'].topic)
    assert df[~mine].equals(before[~mine]) and not set(df[mine].text) & set(before.text)
    asked = s.requests()[at:]
    assert len(asked) == 2 and all('Topic: Steam trains\n' in r['prompt'] for r in asked)


def test_renamed_label(tree):
    "A renamed label stands in the frame under its new name, in its old place"
    tax, kw, s = tree
    tax.rename(('Land',), 'Ground')
    df = generate(tax, sample_per_subtopic=EACH, **kw)
    assert list(df.label.cat.categories) == ['Sea', 'Ground', 'Air'] and per_label(df) == dict.fromkeys(
        ['Sea', 'Ground', 'Air'], LEAVES * EACH
    )


def test_removed(tree):
    "A removed cell does not come back with sample_per_subtopic alone; each cell left has that many rows"
    tax, kw, s = tree
    gone = [tax.cells(('Sea',))[0], tax.children(tax.children(('Air',))[0])[0]]  # a cell, and a topic of two
    left = {o.id for o in tax.cells()} - {gone[0].id} - {o.id for o in tax.cells(gone[1])}
    for o in gone:
        tax.remove(o)
    at = s.count
    df = generate(tax, sample_per_subtopic=EACH, **kw)
    assert sizes(df) == dict.fromkeys(left, EACH) and per_label(df) == dict(
        Sea=11 * EACH, Land=12 * EACH, Air=10 * EACH
    )
    assert all(r['key'] == 'text' for r in s.requests()[at:])  # nothing was grown
    n = generate(tax, 99, **kw)  # and N rows are N rows, labels equal, on the cells that are left
    assert set(n.cell) <= left and per_label(n) == dict.fromkeys(['Sea', 'Land', 'Air'], 33)
    for o in ('Sea', 'Land', 'Air'):
        k = n[n.label == o].cell.value_counts()
        assert len(k) == len(tax.cells((o,))) and k.max() - k.min() <= 1


def test_removed_and_four_counts(tree):
    "With all four counts the gaps are grown again, under other names, and each label gets its product"
    tax, kw, s = tree
    cell, topic = tax.cells(('Sea',))[0], tax.children(tax.children(('Air',))[0])[0]
    parents = cell.parent, topic.parent
    gone = cell.name, topic.name
    before = ids(tax)
    dropped = {cell.id, *ids(tax, topic)}
    for o in (cell, topic):
        tax.remove(o)
    df = generate(tax, **N, sample_per_subtopic=EACH, **kw)
    assert (
        per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], LEAVES * EACH)
        and set(sizes(df).values()) == {EACH}
        and len(sizes(df)) == 3 * LEAVES
    )
    assert not dropped & set(df.cell)
    full = grow(tax, **N, **kw)
    assert set(df.cell) == {o.id for o in full.cells()} and set(before) - dropped <= set(ids(full))
    for p, g in zip(parents, gone):
        assert g not in names(full, p)


def test_locked(tree):
    "What is locked is left as it is, also where it is short; with the four counts its label still gets its product"
    tax, kw, s = tree
    topic = tax.children(tax.children(('Sea',))[0])[0]
    tax.remove(tax.children(topic)[1])
    tax.lock(topic)
    df = generate(tax, **N, sample_per_subtopic=EACH, **kw)
    assert per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], LEAVES * EACH)
    sea = sizes(df[df.label == 'Sea'])
    assert (
        set(sea) == {o.id for o in tax.cells(('Sea',))}
        and len(sea) == 11
        and sum(sea.values()) == 48
        and max(sea.values()) - min(sea.values()) <= 1
    )
    assert set(sizes(df[df.label != 'Sea']).values()) == {EACH}
    only = generate(tax, sample_per_subtopic=EACH, **kw)
    assert set(sizes(only).values()) == {EACH} and len(sizes(only)) == 35


def test_more_than_the_counts(tree):
    "Cells added by hand get their share too"
    tax, kw, s = tree
    topic = tax.children(tax.children(('Sea',))[0])[0]
    new = tax.add(topic, 'Lighthouses')
    df = generate(tax, sample_per_subtopic=EACH, **kw)
    assert sizes(df)[new.id] == EACH and len(df) == 37 * EACH and set(sizes(df).values()) == {EACH}
    four = generate(tax, **N, sample_per_subtopic=EACH, **kw)
    assert per_label(four) == dict.fromkeys(['Sea', 'Land', 'Air'], LEAVES * EACH) and new.id in set(four.cell)


def test_added_branch_is_grown(tree):
    "A topic or source type added by hand ends above a subtopic: it is grown first, nothing else is"
    tax, kw, s = tree
    src = tax.children(('Air',))[0]
    tax.add(src, 'Kites')
    before = ids(tax)
    df = generate(tax, sample_per_subtopic=EACH, **kw)
    kites = df[df.topic == 'Kites']
    assert len(kites) == 2 * EACH and set(sizes(df).values()) == {EACH} and len(df) == 38 * EACH
    assert len(set(df.cell) - set(before)) == 2


@pytest.mark.parametrize('w', [0, 3])
def test_weighted(tree, w):
    "A weight is a share relative to the siblings; 0 is no rows; the label's rows stay"
    tax, kw, s = tree
    a, b, c = tax.children(tax.children(('Land',))[0])
    tax.weigh(b, w)
    df = generate(tax, 144, **kw)
    assert per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], 48)
    rows = {o.id: sum(sizes(df)[k.id] for k in tax.cells(o)) for o in (a, b, c)}
    if w == 0:
        assert rows[b.id] == 0
    else:
        assert (
            3 * min(rows[a.id], rows[c.id]) - 3 <= rows[b.id] <= 3 * max(rows[a.id], rows[c.id]) + 3
            and rows[b.id] > rows[a.id]
        )
    land = df[df.label == 'Land'].cell
    others = land[~land.isin([o.id for o in tax.cells(b)])].value_counts()
    assert others.max() - others.min() <= 1 and len(others) == 10


def test_weight_and_four_counts(tree):
    "With weights each label still gets the product of the four counts"
    tax, kw, s = tree
    tax.weigh(tax.cells(('Land',))[0], 0)
    tax.weigh(tax.cells(('Sea',))[0], 5)
    df = generate(tax, **N, sample_per_subtopic=EACH, **kw)
    assert per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], LEAVES * EACH)
    assert sizes(df)[tax.cells(('Land',))[0].id] == 0
    sea = sizes(df[df.label == 'Sea'])
    assert sea[tax.cells(('Sea',))[0].id] == max(sea.values()) > EACH


def test_larger_counts(tree):
    "Larger counts widen the tree; every node that was there stays where it was"
    tax, kw, s = tree
    df = generate(tax, n_source_type=2, n_topic=3, n_subtopic=3, sample_per_subtopic=2, **kw)
    assert per_label(df) == dict.fromkeys(['Sea', 'Land', 'Air'], 36) and set(sizes(df).values()) == {2}
    assert {o.id for o in tax.cells()} < set(df.cell)


def test_one_grow_at_a_time_or_all(tree):
    "A given tree is copied, never changed"
    tax, kw, s = tree
    d = tax.to_dict()
    generate(tax, n_source_type=3, n_topic=3, n_subtopic=2, sample_per_subtopic=1, **kw)
    grow(tax, 3, 4, 3, **kw)
    grow(tax, at=('Sea',), again=True, **kw)
    assert tax.to_dict() == d


def test_grow_leaves_hand_and_lock_alone(tree):
    "`grow` to larger counts, and again=True, leave what is locked or was made or renamed by hand where it is"
    tax, kw, s = tree
    sea = tax.children(('Sea',))
    locked = tax.lock(tax.children(sea[0])[0])
    hand = tax.rename(tax.children(sea[0])[1], 'Steam boats')
    added = tax.add(sea[1], 'Rope making')
    kids = {o.id: [(k.id, k.name) for k in tax.walk(o)] for o in (locked, hand, added)}
    for new in (grow(tax, 2, 5, 4, **kw), grow(tax, at=('Sea',), again=True, **kw), grow(tax, again=True, **kw)):
        assert [(k.id, k.name) for k in new.walk(locked.id)] == kids[locked.id]  # all below a lock is as it was
        for o in (hand, added):
            assert new[o.id].name == o.name and new[o.id].parent == o.parent and new[o.id].origin == 'hand'
    wide = grow(tax, 2, 5, 4, **kw)
    assert (
        len(wide.children(hand.id)) == 4 and [(k.id, k.name) for k in wide.children(hand.id)][:2] == kids[hand.id][1:]
    )
    assert len(wide.children(locked.id)) == 2 and len(wide.children(added.id)) == 4


def test_again_on_one_branch(tree):
    "again=True replaces what the model grew in that branch and leaves everything else: nodes, ids, order"
    tax, kw, s = tree
    src = tax.children(('Land',))[1]
    inside = {o.id for o in tax.walk(src)} - {src.id}
    old = {o.name for o in tax.walk(src)} - {src.name}
    at = s.count
    new = grow(tax, at=src, again=True, **kw)
    assert [i for i in ids(new) if i in set(ids(tax)) - inside] == [i for i in ids(tax) if i not in inside]
    assert [(o.id, o.name, o.kids) for o in tax.walk() if o.id not in inside | {src.id}] == [
        (o.id, o.name, o.kids) for o in new.walk() if o.id in set(ids(tax)) - inside - {src.id}
    ]
    assert len(new.cells(src.id)) == 6 and not {o.name for o in new.children(src.id)} & old
    assert not inside & set(ids(new)) and s.count - at == 4  # a list of topics, and three of subtopics
    assert grow(tax, at=src, again=True, **kw) == new and s.count - at == 4  # the same again
    third = grow(new, at=src.id, again=True, **kw)
    assert not {o.name for o in third.children(src.id)} & ({o.name for o in new.children(src.id)} | old)


def test_texts_of_the_siblings_stay_when_a_branch_is_grown_again(tree):
    "Texts of cells outside a branch that was grown again are not asked for again"
    tax, kw, s = tree
    before = generate(tax, sample_per_subtopic=EACH, **kw)
    src = tax.children(('Land',))[1]
    new = grow(tax, at=src, again=True, **kw)
    at = s.count
    df = generate(new, sample_per_subtopic=EACH, **kw)
    kept = {o.id for o in tax.cells()} - {o.id for o in tax.cells(src)}
    assert s.count - at == 6 and df[df.cell.isin(kept)].reset_index(drop=True).equals(
        before[before.cell.isin(kept)].reset_index(drop=True)
    )


def test_through_a_frame(tree):
    "An edit with pandas does what the same edit by hand does"
    tax, kw, s = tree
    f = tax.to_frame()
    one, two = f.index[3], f.index[7]
    g = f.drop(one)
    g.loc[two, 'subtopic'] = 'Steam trains'
    t1 = tax.from_frame(g)
    t2 = tax.copy()
    t2.remove(one)
    t2.rename(two, 'Steam trains')
    assert t1.to_dict() == t2.to_dict()
    assert generate(t1, sample_per_subtopic=2, **kw).equals(generate(t2, sample_per_subtopic=2, **kw))


def test_cannot_be(tree):
    "Numbers that cannot be are an error before anything is asked"
    tax, kw, s = tree
    at = s.count
    for bad in (
        dict(),
        dict(n_record_to_generate=2),
        dict(n_record_to_generate=0),
        dict(sample_per_subtopic=0),
        dict(n_record_to_generate=10, sample_per_subtopic=1),
        dict(n_record_to_generate=9.5),
    ):
        with pytest.raises(ValueError):
            generate(tax, **bad, **kw)
    for bad in (
        dict(),
        dict(sample_per_subtopic=2),
        dict(n_record_to_generate=100, n_source_type=40),
        dict(n_record_to_generate=100, **N, sample_per_subtopic=4),
    ):
        with pytest.raises(ValueError):
            generate(TASK, **bad, **kw)
    for o in tax.children(('Sea',)):
        tax.weigh(o, 0)
    with pytest.raises(ValueError, match='Sea'):
        generate(tax, 30, **kw)
    assert s.count == at
