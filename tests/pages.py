"Read what a page shows and what the kernel has, and wait until the two agree; for the tests of the widgets."

import json
import time

SECONDS = 60  # for whatever is waited for, on a busy machine

ROWS = """() => {
  const read = row => ({
    id: row.dataset.id, level: +row.ariaLevel, name: row.querySelector('bdi').textContent,
    open: row.ariaExpanded, selected: row.ariaSelected, status: row.dataset.status });
  const trees = [...document.querySelectorAll('[role=tree][aria-label=Taxonomy]')];
  return trees.map(tree => [...tree.querySelectorAll('[role=treeitem]')].map(read));
}"""
NODES = """[dict(id=o.id, level=len({tax}.path(o)), name=o.name) for o in {tax}.walk() if o.kind!='task']"""


def get(nb, expr):
    "Return the value of an expression in the kernel."
    return json.loads(nb.run(f'import json; print(json.dumps({expr}))'))


def until(nb, f, seconds=SECONDS):
    "Wait for `f()` to be true and return it; if it is not in time, show what it is."
    end = time.monotonic() + seconds
    while not (o := f()):
        assert time.monotonic() < end, f'still {o!r} after {seconds} s'
        nb.page.wait_for_timeout(100)
    return o


def until_equal(nb, f, g, seconds=SECONDS):
    "Wait for `f() == g()`; if they are not equal in time, show how they differ."
    end = time.monotonic() + seconds
    while (a := f()) != (b := g()):
        assert time.monotonic() < end, f'after {seconds} s still {a}\nis not {b}'
        nb.page.wait_for_timeout(100)


def rows(nb, i=0):
    "Return what the `i`th tree of the page shows, a list of dicts."
    trees = nb.page.evaluate(ROWS)
    return trees[i] if i < len(trees) else []


def nodes(nb, tax):
    "Return the same of a taxonomy in the kernel, as far as it has these fields."
    return get(nb, NODES.format(tax=tax))


def brief(rows):
    return [{k: o[k] for k in ('id', 'level', 'name')} for o in rows]


def same_tree(nb, tax, *trees):
    "Wait until the trees of the page, all open, show what the taxonomy has."
    for i in trees or (0,):
        until_equal(nb, lambda: brief(rows(nb, i)), lambda: nodes(nb, tax))


def row(nb, id, i=0):
    return nb.page.get_by_role('tree', name='Taxonomy').nth(i).locator(f'[role=treeitem][data-id="{id}"]')


def field(nb, name):
    return nb.page.locator('.jp-OutputArea').get_by_label(name)  # not exact: no other label has the name in it


def button(nb, name):
    return nb.page.get_by_role('button', name=name, exact=True)


def press(nb, name):
    button(nb, name).click()


def show(nb):
    "Run all cells."
    nb.page.set_default_timeout(SECONDS * 1000)
    nb.run_all()
    return nb


def cells(nb):
    return nb.page.evaluate(
        '() => window.jupyterapp.shell.currentWidget.content.widgets'
        '.map(w => [w.model.type, w.model.sharedModel.getSource()])'
    )


def progress(nb):
    return int(nb.page.get_by_role('progressbar', name='Progress').get_attribute('aria-valuenow'))
