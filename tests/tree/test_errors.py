"Subtopics for what a classifier gets wrong: what is asked, where they go, and that nothing else changes"

import json

import pandas as pd
import pytest
from helpers import TASK, openai

from syngen_nb import DEFAULT, METHOD, Model, Taxonomy, generate, grow
from syngen_nb.grow import start_grow
from syngen_nb.prompt_sets import LOCAL, SMALL

WRONG = pd.DataFrame(
    [(f'The wreck number {i} lies deep below the old harbour', 'Sea', 'Land' if i % 2 else 'Air') for i in range(40)]
    + [('A train,\nbut on a ferry ' + 'x' * 300, 'Land', 'Sea')],
    columns=['text', 'label', 'predicted'],
)


@pytest.fixture
def tree(server, cache):
    kw = dict(model=openai(server), cache=cache, progress=False)
    return grow(TASK, 2, 3, 2, **kw), kw, server


def added(new, old):
    return [o for o in new.walk() if o.id not in old.nodes]


def test_only_subtopics_are_added(tree):
    "At most so many for each label with errors, below its topics, marked; the rest stays, bit for bit; asked once"
    tax, kw, s = tree
    at = s.count
    new = grow(tax, errors=WRONG, n_subtopic=4, **kw)
    o = added(new, tax)
    assert (
        [new.path(i)[0] for i in o].count('Sea') == 4 and [new.path(i)[0] for i in o].count('Land') == 4 and len(o) == 8
    )
    assert {(i.kind, i.origin) for i in o} == {('subtopic', 'errors')}
    d = new.to_dict()
    assert dict(d, nodes=[n for n in d['nodes'] if n['id'] not in {i.id for i in o}]) == tax.to_dict()
    asked = s.requests()[at:]
    assert 2 <= len(asked) <= 8 and s.count - at == len(asked)
    assert grow(tax, errors=WRONG, n_subtopic=4, **kw) == new and s.count == at + len(asked)
    assert grow(tax, errors=WRONG, n_subtopic=4, seed=1, **kw) != new
    assert Taxonomy.from_dict(d) == new == new.from_frame(new.to_frame())
    assert new._repr_html_().count('from errors') == 8


def test_what_is_sent(tree):
    "Each list is told of the errors, at most thirty of a label, on one line, shortened; the texts that are written later are not"
    tax, kw, s = tree
    at = s.count
    new = grow(tax, errors=WRONG, **kw)
    asked = [r['prompt'] for r in s.requests()[at:]]
    sea = [p for p in asked if 'wreck' in p]
    assert sea and all('(taken for "Land")' in p or '(taken for "Air")' in p for p in sea)
    assert len({i for i in range(40) for p in sea if f'wreck number {i} ' in p}) <= 30 and not any(
        f'wreck number {i} ' in p for i in range(30, 40) for p in sea
    )
    (land,) = [p for p in asked if 'on a ferry' in p]
    assert (
        'A train, but on a ferry xxx' in land and 'x' * 176 in land and 'x' * 177 not in land
    )  # 200 characters, of which 24 come before
    at = s.count
    df = generate(new, 200, **kw)
    assert {o.id for o in added(new, tax)} <= set(df.cell)
    assert not any('wreck number' in r['prompt'] or 'on a ferry' in r['prompt'] for r in s.requests()[at:])


class Asked(Model):
    "Answers in whatever form is asked for"

    name = 'me/asked'

    def __init__(self, prompts):
        self.prompts, self.got = prompts, []

    async def ask(self, req):
        self.got.append(req)
        names = ['The Land', *(f'a subtopic of its own {len(self.got)}{i}' for i in range(3))]
        return (
            '; '.join(names) + ';' if req.how == 'continue' else json.dumps(dict(items=[dict(item=o) for o in names]))
        )


@pytest.mark.parametrize('prompts', [DEFAULT, METHOD, LOCAL, SMALL], ids=lambda p: p.name)
def test_every_prompt_set(prompts):
    tax = Taxonomy(TASK)
    for l in ('Sea', 'Land', 'Air'):
        tax.add(tax.add(tax.add((l,), 'logs'), 'weather'), 'fog')
    m = Asked(prompts)
    new = grow(tax, errors=WRONG, n_subtopic=2, model=m, cache=':memory:', progress=False)
    assert len(added(new, tax)) == 4 and len(m.got) == 2
    assert ('The Land' in [o.name for o in added(new, tax)]) == (not prompts.unlabelled)  # it says a label's name
    for r, text, label, other in zip(
        sorted(m.got, key=lambda r: 'ferry' in r.prompt), ('wreck', 'ferry'), ('Sea', 'Land'), ('Land', 'Sea')
    ):
        for o in (text, label, other, 'logs', 'weather', 'fog', TASK.instruction):
            assert o in r.prompt, o
        assert (r.how == 'continue') == (prompts in (LOCAL, SMALL)) and not set('{}') & set(r.prompt)


def test_where_they_go():
    "Below the topic that shares words with the error; not below one that is locked"
    tax = Taxonomy(TASK)
    for l in ('Sea', 'Land', 'Air'):
        for t in ('storms', 'harbours and wrecks', 'birds'):
            tax.add((l, 'logs') if tax[(l,)].kids else tax.add((l,), 'logs'), t)
    kw = dict(errors=WRONG[WRONG.label == 'Sea'], n_subtopic=2, cache=':memory:', progress=False)
    assert {tax[o.parent].name for o in added(grow(tax, model=Asked(DEFAULT), **kw), tax)} == {'harbours and wrecks'}
    tax.lock(('Sea', 'logs', 'harbours and wrecks'))
    assert {tax[o.parent].name for o in added(grow(tax, model=Asked(DEFAULT), **kw), tax)} == {'storms', 'birds'}
    assert {
        tax[o.parent].name for o in added(grow(tax, model=Asked(DEFAULT), at=('Sea', 'logs', 'birds'), **kw), tax)
    } == {'birds'}
    tax.lock(('Sea',))
    with pytest.raises(ValueError, match="'Sea' has errors"):
        grow(tax, model=Asked(DEFAULT), **kw)


def test_in_place(tree):
    "In the background it is one step, which can be taken back"
    tax, kw, s = tree
    was, kw = tax.to_dict(), {k: v for k, v in kw.items() if k != 'progress'}
    run = start_grow(tax, errors=WRONG, n_subtopic=2, **kw)
    assert run.result() is tax and run.progress()['stages'] == {'subtopics': (4, 4)} and len(tax.cells()) == 3 * 12 + 4
    assert tax.undo() == 'grow from errors' and tax.to_dict() == was


def test_from_evaluation(tree):
    "Errors as `evaluate` gives them, by a frame that was generated"
    pytest.importorskip('sklearn')
    from syngen_nb.evaluate import evaluate

    tax, kw, s = tree
    df = generate(tax, 90, **kw)
    test = pd.DataFrame(
        dict(text=['waves and salt', 'a road', 'clouds', 'wind over the road'], label=['Sea', 'Land', 'Air', 'Air'])
    )
    e = evaluate(df, test, curve=False)
    new = grow(tax, errors=e.errors, n_subtopic=1, **kw)
    assert {new.path(o)[0] for o in added(new, tax)} == set(e.errors.label)


def test_short_is_said(tree):
    "A model that only quotes the errors gives nothing, and that is named"
    tax, kw, s = tree

    class Quotes(Asked):
        async def ask(self, req):
            return json.dumps([dict(item=WRONG.text[0]), dict(item='wreck number 0 lies deep below')])

    from syngen_nb.models import ModelError

    with pytest.raises(ModelError, match='nothing usable'):
        grow(tax, errors=WRONG.head(1), n_subtopic=1, **dict(kw, model=Quotes(DEFAULT)))
