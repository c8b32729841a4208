"""Trees after each edit, public names, figures and keys are those of version 0.1."""

import json

import pytest
from golden import edits, faces, facts
from golden.make import HERE, sections

from syngen_nb import Cache

OLD = json.loads((HERE / 'faces.json').read_text(encoding='utf-8'))
EDITED = sections('edits.txt')


@pytest.fixture(scope='module')
def trees():
    lines = facts.quietly(edits.tree_lines, Cache(':memory:'))
    return {name: ''.join(f'{line}\n' for line in found) for name, found in lines.items()}


@pytest.mark.parametrize('name', EDITED)
def test_trees_keep_their_ids(name, trees):
    "Ids, names and places are the same after an edit, after undo, and after redo."
    assert trees[name] == EDITED[name]


def test_public_attributes_stay():
    "Classes and results may gain attributes, and lose none."
    now = faces.attributes()
    lost = {name: sorted(set(old) - set(now[name])) for name, old in OLD['attributes'].items()}
    assert not any(lost.values()), {name: names for name, names in lost.items() if names}


FACTS = {
    'runs': faces.run_facts,
    'estimates': faces.more_estimates,
    'figures': faces.figures,
    'replayed': faces.replay_facts,
}


@pytest.mark.parametrize('name', FACTS)
def test_facts(name):
    check_same(facts.quietly(FACTS[name]), OLD[name])


@pytest.mark.parametrize(('name', 'of'), {'keys': faces.more_keys, 'forms': faces.saved_forms}.items())
def test_facts_with_files(name, of, tmp_path):
    check_same(facts.quietly(of, tmp_path), OLD[name])


def check_same(now, old):
    "Compare plain data part by part, so that a failure names the part."
    now = json.loads(json.dumps(now))
    assert list(now) == list(old) or set(now) == set(old)
    for name in old:
        assert now[name] == old[name], name
