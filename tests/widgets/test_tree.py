"The tree in a real JupyterLab: by keyboard, in several views, and with names and texts that mean harm"

import csv
import html
import io
import json

import nbformat
import pytest
from pages import button, cells, field, get, press, row, rows, same_tree, show, until, until_equal

LESSON = """
from syngen_nb import Cache, Task, TaxonomyTree, grow
task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
tax = grow(task, 3, 3, 2, cache=Cache.replay('reviews'), progress=False)
t = TaxonomyTree(tax, cache=Cache.replay('reviews'))
"""


def name(nb, id):
    return get(nb, f'tax.nodes[{id!r}].name')


def test_two_views(notebook):
    "An edit in one view, or in code, is shown by all, of one widget as of two"
    nb = show(notebook(LESSON + 't', 't', 'u = TaxonomyTree(tax, cache=Cache.replay("reviews"))\nu'))
    p, all = nb.page, (0, 1, 2)
    same_tree(nb, 'tax', *all)
    ids = [o['id'] for o in rows(nb)]
    for i in all:
        row(nb, ids[5], i).click()
        p.keyboard.press('F2')
        p.keyboard.type(f'from view {i}')
        p.keyboard.press('Enter')
        until_equal(nb, lambda: name(nb, ids[5]), lambda: f'from view {i}')
        same_tree(nb, 'tax', *all)
    nb.run(
        f'tax.rename({ids[5]!r}, "from code"); tax.remove({ids[2]!r}); '
        f'new = tax.add({ids[1]!r}, "a new one"); tax.move(new, at=0)'
    )
    same_tree(nb, 'tax', *all)
    assert 'a new one' in [o['name'] for o in rows(nb, 2)]
    for i in all:  # undo in any view takes back the last edit, wherever it was made
        n = len(get(nb, 'tax.steps[0]'))
        button(nb, 'Undo').nth(i).click()
        until(nb, lambda: len(get(nb, 'tax.steps[0]')) == n - 1)
        same_tree(nb, 'tax', *all)
    assert [o['id'] for o in rows(nb)] == ids and name(nb, ids[5]) == 'from code'
    nb.run('u.close(); t.close()')


def test_slow_kernel(notebook):
    "A slow kernel does not take the selection back to an earlier click: a button would act on another node"
    nb = show(
        notebook(
            LESSON
            + """
import time
select = t._on_select
def slowly(id): time.sleep(1.5); select(id)
t._on_select = slowly
t"""
        )
    )
    same_tree(nb, 'tax')
    ids = [o['id'] for o in rows(nb)]
    row(nb, ids[2]).click()
    row(nb, ids[3]).click()
    until_equal(nb, lambda: get(nb, 't.selected'), lambda: ids[2])
    nb.page.wait_for_timeout(300)
    assert [o['id'] for o in rows(nb) if o['selected'] == 'true'] == [ids[3]]
    press(nb, 'Delete')
    until(nb, lambda: not get(nb, f'{ids[3]!r} in tax.nodes'))
    assert get(nb, f'{ids[2]!r} in tax.nodes')
    same_tree(nb, 'tax')
    nb.run(f't._on_select = select; t.selected = {ids[0]!r}')  # and set in Python it is followed
    until(nb, lambda: [o['id'] for o in rows(nb) if o['selected'] == 'true'] == [ids[0]])


def test_keyboard(notebook):
    "All of it by keyboard; and JupyterLab, which listens too, does nothing"
    nb = show(notebook('1+1', LESSON + 't', '2+2'))
    p, were = nb.page, cells(nb)
    same_tree(nb, 'tax')
    all = rows(nb)
    ids = [o['id'] for o in all]
    key = p.keyboard.press
    focused = lambda: p.evaluate('() => document.activeElement.dataset.id')

    def at(id):
        until_equal(nb, focused, lambda: id)

    def shown():
        return [o['id'] for o in rows(nb)]

    def tree():
        until_equal(nb, shown, lambda: get(nb, "[o.id for o in tax.walk() if o.kind!='task']"))

    row(nb, ids[0]).click()
    at(ids[0])
    # from row to row
    for k, to in (('ArrowDown', 1), ('ArrowDown', 2), ('ArrowUp', 1), ('End', -1), ('Home', 0), ('ArrowRight', 1)):
        key(k)
        at(ids[to])
    # fold and unfold
    key('ArrowLeft')
    until(nb, lambda: rows(nb)[1]['open'] == 'false')
    assert shown() == [*ids[:2], *ids[after(all, 1) :]]
    key('ArrowLeft')
    at(ids[0])
    key('ArrowLeft')
    until(nb, lambda: rows(nb)[0]['open'] == 'false')
    assert shown() == [ids[0], *ids[after(all, 0) :]]
    key('ArrowDown')
    at(ids[after(all, 0)])
    key('ArrowUp')
    key('ArrowRight')
    key('ArrowRight')
    at(ids[1])
    key('ArrowRight')
    until_equal(nb, shown, lambda: ids)
    at(ids[1])
    # select
    key('Enter')
    until_equal(nb, lambda: get(nb, 't.selected'), lambda: ids[1])
    p.get_by_role('region', name='Node').get_by_text(all[1]['name'], exact=True).wait_for()
    # rename, and think better of it. These letters delete, add, cut and undo in Lab
    key('ArrowDown')
    at(ids[2])
    key('F2')
    p.keyboard.type('ddabxz00')
    key('Enter')
    until_equal(nb, lambda: name(nb, ids[2]), lambda: 'ddabxz00')
    at(ids[2])
    key('F2')
    p.keyboard.type('never')
    key('Escape')
    at(ids[2])
    assert row(nb, ids[2]).locator('bdi').inner_text() == name(nb, ids[2]) == 'ddabxz00'
    for o in ('d', 'd', 'a', 'b', 'x', 'z', '0', '0', 'm', 'Shift+m', 'Shift+Enter', 'Control+Enter', 'Alt+Enter'):
        key(o)
    at(ids[2])
    # undo, redo
    key('Control+z')
    until_equal(nb, lambda: name(nb, ids[2]), lambda: all[2]['name'])
    key('Control+Shift+z')
    until_equal(nb, lambda: name(nb, ids[2]), lambda: 'ddabxz00')
    # move among siblings: ids[2] is a topic, the next one stands after its subtopics
    second = ids[after(all, 2)]
    key('Alt+ArrowDown')
    until(nb, lambda: shown()[2] == second)
    tree()
    at(ids[2])
    key('Alt+ArrowUp')
    until_equal(nb, shown, lambda: ids)
    tree()
    at(ids[2])
    # add and delete
    key('Insert')
    p.keyboard.type('added')
    key('Enter')
    until(nb, lambda: get(nb, f'[o.name for o in tax.children({ids[2]!r})][-1:]') == ['added'])
    new = get(nb, f'tax.nodes[{ids[2]!r}].kids[-1]')
    at(new)
    tree()
    key('Delete')
    until(nb, lambda: not get(nb, f'{new!r} in tax.nodes'))
    until_equal(nb, shown, lambda: ids)
    at(ids[4])  # its sibling
    key('Home')
    key('Delete')  # of two labels none can go
    p.locator('.syngen-tree').get_by_text('A task needs two labels at least').wait_for()
    button(nb, 'Undo').focus()
    for o in ('d', 'd', 'x', 'a', 'm'):
        key(o)
    assert cells(nb) == were and shown() == ids


def after(all, i):
    "Index of the first row after `i` that is not below it"
    return next((j for j in range(i + 1, len(all)) if all[j]['level'] <= all[i]['level']), len(all))


def stills(nb, *words):
    "What the saved notebook shows where there is no kernel, once `words` are in it"
    nb.save()
    found = [
        o.data['text/html']
        for c in nbformat.read(nb.path, 4).cells
        for o in c.outputs
        if 'text/html' in o.get('data', {})
    ]
    return found if all(html.escape(w) in ''.join(found) for w in words) else None


def test_without_its_kernel(notebook):
    "With its kernel gone a notebook shows the tree as it was; with a kernel it shows the widget alone"
    nb = show(notebook(LESSON + 't'))
    p, still = nb.page, nb.page.locator('.jp-OutputArea .syngen-taxonomy')
    same_tree(nb, 'tax')
    topic = rows(nb)[2]['id']
    nb.run(f'tax.rename({topic!r}, "A <b>new</b> name")')
    same_tree(nb, 'tax')
    names = [o['name'] for o in rows(nb)]
    until(nb, lambda: stills(nb, 'A <b>new</b> name'))
    assert still.count() == 1 and not still.is_visible()
    nb.shutdown()
    nb.reload()
    still.wait_for()
    assert p.get_by_role('tree', name='Taxonomy').count() == 0
    assert still.locator('bdi').all_text_contents()[1:] == names
    new = still.get_by_text('A <b>new</b> name', exact=True)
    assert not new.is_visible()
    still.get_by_text(names[1], exact=True).first.click()
    new.wait_for()
    until(nb, lambda: nb.errors)
    nb.errors[:] = [e for e in nb.errors if 'widget model not found' not in e]  # so ipywidgets says it


@pytest.mark.parametrize(
    ('shown', 'change', 'words'),
    [
        ('t', 'tax.rename(tax.children()[0].kids[0], "After the reload")', 'After the reload'),
        ('DataView(frame)', '_.df = frame.assign(text="Texts after the reload")', 'Texts after the reload'),
        ('Studio(task, cache=Cache.replay("reviews"))', '_.task = Task("Another task", ["a", "b"])', 'Another task'),
    ],
)
def test_picture_after_a_reload(shown, change, words, notebook):
    "The notebook keeps the newest picture, although JupyterLab forgets the display when the page is loaded again"
    more = 'import pandas as pd\nfrom syngen_nb import DataView, Studio\n'
    frame = 'frame = pd.DataFrame(dict(text=["a text"], label=["a"]))\n'
    nb = show(notebook(LESSON + more + frame + f'w = {shown}\nw'))
    nb.page.locator('.jp-OutputArea .syngen').first.wait_for()
    nb.save()
    nb.reload()
    nb.page.locator('.jp-OutputArea .syngen').first.wait_for()
    nb.run(change.replace('_.', 'w.'))
    until(nb, lambda: stills(nb, words))


# --- names and texts that mean harm

MARK = 'alert(1)'
ODD = [
    f'<img src=x onerror={MARK}>',
    f'<script>{MARK}</script>',
    '{{7*7}} ${7*7} {% raw %}',
    '=cmd("calc")',
    '\u202egnp.exe\u202c \u200f\u05d0\u05d1',
    '👩‍👩‍👧‍👦 🇺🇳 e\u0301',
    '&lt;b&gt; &amp; "><b>',
    f"'-{MARK}-'",
    '$\\alpha$ `code` **b**',
    'y' * 10_000,
]
SHORT = [o for o in ODD[:-1] if '\u202e' not in o]  # what a label may be called, and what a model's text is left as
ODD_CELL = f"""
import json
import pandas as pd
from syngen_nb import Label, Model, Studio, Task, Taxonomy
from syngen_nb.models import ModelError
ODD,SHORT = json.loads({json.dumps(json.dumps(ODD))}),json.loads({json.dumps(json.dumps(SHORT))})
class Odd(Model):
    name,n,works = 'odd',0,False
    async def ask(self, req):
        if not Odd.works: raise ModelError(' '.join(ODD[:-1]), 'access')
        Odd.n += 1
        some = SHORT+ODD[-1:]
        k = Odd.n % len(some)
        return json.dumps(dict(texts=[dict(text=f'{{t}} {{Odd.n}}') for t in some[k:]+some[:k]]))
s = Studio(model=Odd(), cache=':memory:')
s"""
ODD_TREE = """
saying = 'which somebody may have said here a while ago'  # no text is a copy of an example
examples = [(f'{saying}: {o}', s.task.labels[0].name) for o in ODD]
task = Task(s.task.instruction, [Label(o.name, ODD[4]) for o in s.task.labels], examples=examples)
d = Taxonomy(task).to_dict()
def add(parent, kind, name):
    node = dict(id=f'n{len(d["nodes"])}', parent=parent, kind=kind, name=name)
    d['nodes'].append(node)
    return node['id']

for label in [o['id'] for o in d['nodes']]:
    for o in ODD[::5]:
        st = add(label, 'source_type', o)
        for i in range(2):
            topic = add(st, 'topic', ODD[1+i])
            for p in ODD[2+4*i:6+4*i]: add(topic, 'subtopic', p)
s.taxonomy = Taxonomy.from_dict(d)
"""
FOUND = """() => {
  const harmful = '.jp-OutputArea :is(img, script, iframe, object, embed, [onerror], [onclick]), .syngen b b, .syngen-text *';
  return [...document.querySelectorAll(harmful)].map(o => o.outerHTML.slice(0, 200));
}"""


def unhurt(nb):
    assert nb.page.evaluate(FOUND) == nb.errors == []


def test_odd_texts(notebook):
    """Whatever a name or a text says, it is shown as text: in the form, tree, inspector, table, code and static page.

    What a spreadsheet would compute is made safe on request."""
    nb = show(notebook(ODD_CELL))
    p = nb.page
    # the form: typed, and told back
    field(nb, 'Instruction').fill(' '.join(ODD))
    field(nb, 'Labels').fill(','.join('abcdefgh'[: len(SHORT)]) + ',')
    names = p.locator('.syngen-form .name')
    for i, o in enumerate(SHORT):
        names.nth(i).fill(o)
    until_equal(
        nb,
        lambda: get(nb, 's.task and [s.task.instruction, *(o.name for o in s.task.labels)]'),
        lambda: [' '.join(ODD), *SHORT],
    )
    assert names.evaluate_all('l => l.map(o => o.value)') == SHORT and field(
        nb, 'Instruction'
    ).input_value() == ' '.join(ODD)
    field(nb, 'Labels').fill(ODD[-1])
    p.locator('.syngen-form .msg').get_by_text('10000 characters').wait_for()
    field(nb, 'Labels').fill('')
    until(nb, lambda: get(nb, 's.task is not None'))
    unhurt(nb)
    # the tree
    nb.run(ODD_TREE)
    same_tree(nb, 's.taxonomy')
    shown = p.evaluate("() => [...document.querySelectorAll('[role=treeitem] bdi')].slice(0, 20).map(o => o.innerText)")
    assert shown == get(nb, '[o.name for o in s.taxonomy.walk()][1:21]') and set(ODD) <= {o['name'] for o in rows(nb)}
    unhurt(nb)
    # the texts
    field(nb, 'Rows').fill(str(20 * len(SHORT)))
    press(nb, 'Generate')
    p.locator('.syngen-run').get_by_role('alert').get_by_text(' '.join(ODD[:-1]), exact=True).wait_for()
    unhurt(nb)
    nb.run('Odd.works = True')
    press(nb, 'Resume')
    until(nb, lambda: get(nb, "s.run.status=='done'"))
    p.locator('.syngen-data').get_by_text(f'{20 * len(SHORT)} texts', exact=True).wait_for()
    texts = get(nb, 's.df.text.tolist()')
    assert all(any(o in t for t in texts) for o in SHORT + ODD[-1:])
    table_cells = lambda: p.locator('table.dataTable tbody td').all_inner_texts()
    until_equal(
        nb,
        table_cells,
        lambda: [
            str(v)
            for r in get(nb, "s.df[['text', 'label', 'source_type', 'topic', 'subtopic']].values.tolist()[:10]")
            for v in r
        ],
    )
    unhurt(nb)
    # a node of it
    i = next(i for i, o in enumerate(rows(nb)) if o['level'] == 4 and o['name'] == ODD[2])
    id = rows(nb)[i]['id']
    row(nb, id).click()
    side = p.get_by_role('region', name='Node')
    side.get_by_role('heading', name=ODD[2], exact=True).wait_for()
    path = get(nb, f's.taxonomy.path({id!r})')
    assert ' · '.join(['subtopic', *path[:-1]]) == side.locator('.dim').first.inner_text()
    until_equal(
        nb, side.locator('li').all_inner_texts, lambda: get(nb, f's.df.text[s.df.cell=={id!r}].tolist()')
    )  # the page shows what it knows, the kernel adds the rest
    side.locator('summary').first.click()
    asked = get(nb, f's.tree.details({id!r})["asked"]')
    assert [a[k] for a in asked for k in ('system', 'prompt', 'answer')] == side.locator(
        'pre'
    ).all_inner_texts() and all(o in asked[0]['prompt'] for o in path)
    unhurt(nb)
    # as code, which gives the same tree
    press(nb, 'Copy as Python')
    p.get_by_text('Copied', exact=True).wait_for()
    code = p.evaluate('() => navigator.clipboard.readText()')
    assert code == p.locator('pre[aria-label=Python]:visible').inner_text()
    assert get(nb, f'(exec({code.split("df = ")[0]!r}, g := {{}}), g["tax"]==s.taxonomy)[1]')
    unhurt(nb)
    # as files
    got = {}
    for safe in (False, True):
        p.get_by_label('safe for spreadsheets').set_checked(safe)
        with p.expect_download() as d:
            press(nb, 'CSV')
        got[safe] = d.value.path().read_text(encoding='utf-8')
    table = [list(get(nb, 'list(s.df.columns)')), *get(nb, 's.df.astype(object).values.tolist()')]
    assert list(csv.reader(io.StringIO(got[False], newline=''))) == table
    computed = lambda o: o.lstrip('\u202e\u200f \'"')[:1] in tuple('=+-@')
    safe = list(csv.reader(io.StringIO(got[True].removeprefix('\ufeff'), newline='')))
    assert safe == [["'" * computed(o) + o for o in r] for r in table] and any(
        o.startswith("'=cmd") for r in safe for o in r
    )
    # as the notebook keeps it for a page without a kernel
    static = until(nb, lambda: stills(nb, texts[0]))
    # another frame, with odd columns too
    frame = dict(text=ODD, label=ODD[::-1]) | {o: ODD for o in ODD[:5]}
    nb.run(f's.data.df = pd.DataFrame({frame!r})')
    until_equal(nb, table_cells, lambda: [o for r in zip(*frame.values()) for o in r])
    assert p.locator('table.dataTable th').all_inner_texts() == list(frame) and p.locator(
        '.syngen-data option'
    ).all_inner_texts() == ['all labels', *(f'{o} (1)' for o in ODD[::-1])]
    unhurt(nb)
    with p.context.new_page() as page:
        page.on('dialog', lambda d: (nb.errors.append(d.message), d.accept()))
        for o in (
            *static,
            *get(nb, '[s.task._repr_html_(), s.taxonomy._repr_html_(), s.task.labels[0]._repr_html_()]'),
        ):
            page.set_content(o)
            assert page.locator('img, script, iframe, b').count() == page.locator('[onerror]').count() == 0
            assert ODD[0] in page.locator('body').text_content()
        page.set_content(static[0])
        assert all(o in page.locator('body').text_content() for o in ODD)
    unhurt(nb)
