"""Photograph the quickstart, and the widgets in light and dark, in JupyterLab: nbs/images/*.png.

    python tools/picture.py [NAME ...]

NAME is one of quickstart, form, tree, studio; by default all. A real JupyterLab runs in Chromium. The embedded
model answers, from the user's cache or a recording if it has answered before. Only the tree is taken in the middle
of a run."""

import sys
import tempfile
from pathlib import Path

from nbformat.v4 import new_markdown_cell

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / 'tests'))
from lab import start_chrome, start_lab

TASK = """from syngen_nb import Cache, Studio, Task, TaskForm, generate, grow

task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
"""
# The tree and half of the texts are there; the run asks for the others
HALF = """lesson = list(Cache.replay('reviews').rows())
cache = Cache(':memory:')
there = lambda cell: not cell.startswith('texts') or 'negative' in cell and 'reviews by critics' in cell
cache.load([row for row in lesson if there(row['cell'])])
studio = Studio(task, cache=cache)
studio.grow().result()
_ = studio.generate()"""
CALM = """() => {
    jupyterapp.shell.collapseLeft?.()
    document.activeElement.blur()
    document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0
}"""
OPEN_SOME = """() => {
    const branches = [...document.querySelectorAll('.syngen-taxonomy details')]
    branches.slice(0, 5).forEach(branch => { branch.open = true })
}"""
HALF_WRITTEN = """() => {
    const run = document.querySelector('.syngen-run')
    const percent = +run?.querySelector('.bar').getAttribute('aria-valuenow')
    return run?.querySelector('b').textContent.startsWith('generate') && percent >= 40
}"""
SUPPORT = """TaskForm(Task(
    'Route a message to the support desk',
    dict(billing='invoices, refunds, prices', technical='errors, crashes', other=''),
))"""


def quickstart(lab, chrome, theme):
    "The call, some rows and the tree, as a page in the light theme."
    if 'Dark' in theme:
        return
    with lab.open(
        chrome,
        new_markdown_cell('# A classifier without data'),
        TASK.replace('Cache, Studio, ', '').replace('TaskForm, ', '') + 'df = generate(task, 40)',
        "df.drop(columns=['cell', 'model']).sample(5, random_state=3)",
        'grow(task, 3, 3, 2)',
        name='quickstart',
        size=(1100, 950),
    ) as nb:
        nb.run_all()
        nb.page.wait_for_selector('.syngen-taxonomy')
        nb.page.evaluate(OPEN_SOME)
        nb.page.evaluate(CALM)
        nb.page.wait_for_timeout(1000)
        nb.page.screenshot(path=out('quickstart', theme))


def form(lab, chrome, theme):
    "The form of a task, with its estimate."
    with lab.open(
        chrome,
        TASK + SUPPORT,
        size=(1100, 900),
        theme=theme,
        name='form',
    ) as nb:
        nb.run_all()
        nb.page.get_by_text('Estimate', exact=True).wait_for()
        nb.page.evaluate(CALM)
        nb.page.wait_for_timeout(2500)
        nb.page.locator('.syngen-form').screenshot(path=out('form', theme))


def tree(lab, chrome, theme):
    "The tree while texts are written."
    with lab.open(
        chrome,
        TASK + HALF,
        'from ipywidgets import VBox\nVBox([studio.tree, studio.progress])',
        size=(1100, 900),
        theme=theme,
        name='tree',
    ) as nb:
        page = nb.page
        nb.run_all()
        page.evaluate(CALM)
        page.get_by_role('treeitem', name='poor acting').first.click()
        page.mouse.move(0, 0)
        page.wait_for_function(HALF_WRITTEN, timeout=300_000)
        page.locator('.jp-Cell').nth(1).locator('.jp-OutputArea-output').screenshot(path=out('tree', theme))
        nb.run('studio.run.stop()')


def studio(lab, chrome, theme):
    "The whole studio at the end of a run."
    with lab.open(
        chrome,
        TASK + "lesson = Cache.replay('reviews')\nstudio = Studio(task, cache=lesson)\nstudio",
        size=(1280, 2500),
        theme=theme,
        name='studio',
    ) as nb:
        page = nb.page
        nb.run_all()
        page.evaluate(CALM)
        page.get_by_role('button', name='Grow', exact=True).click()
        page.get_by_role('button', name='Generate', exact=True).click()
        page.get_by_text('1–10 of 40').wait_for()
        page.locator('.syngen-tree [role=treeitem]').nth(2).click()
        page.locator('.syngen-tree .side li').first.wait_for()
        page.get_by_role('button', name='Show all').click()
        page.evaluate(CALM)
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)
        page.locator('.jp-Cell').first.locator('.jp-OutputArea-output').first.screenshot(path=out('studio', theme))


def out(name, theme):
    "Return the path of a picture."
    ending = '-dark' if 'Dark' in theme else ''
    return ROOT / 'nbs/images' / f'{name}{ending}.png'


def main(*names):
    with tempfile.TemporaryDirectory() as tmp, start_chrome() as chrome, start_lab(tmp) as lab:
        for take in (quickstart, form, tree, studio):
            for theme in ('JupyterLab Light', 'JupyterLab Dark'):
                if not names or take.__name__ in names:
                    take(lab, chrome, theme)


if __name__ == '__main__':
    main(*sys.argv[1:])
