"The studio in a real JupyterLab, the whole way: type, grow, edit, generate, take away"

import os
from collections import Counter

import pandas as pd
import pytest
from fake_server import serve
from helpers import python
from lab import NB
from pages import button, cells, field, get, press, progress, row, rows, same_tree, show, until, until_equal

from syngen_nb import Plan, Task

NASTY = '<img src=x onerror=alert(1)>'
FROM_CACHE = """
import sys
usage = df.attrs['syngen']['usage']
assert usage['requests'] == 0 < usage['cached']
df.to_parquet(sys.argv[1])"""
LESSON = """
from syngen_nb import Cache, Studio, Task
task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
"""


def fill(nb, instruction, labels, n, model):
    for k, v in dict(Instruction=instruction, Labels=labels, Rows=str(n), Model=model).items():
        field(nb, k).fill(v)


def begin(nb, name):
    "Press a button, and wait for the run it starts"
    nb.run('was = s.run')
    press(nb, name)
    until(nb, lambda: get(nb, 's.run is not was'))


def ended(nb, status='done'):
    until_equal(nb, lambda: get(nb, 's.run.status'), lambda: status, 120)


def n_texts(nb):
    return get(nb, 'len(s.df) if s.df is not None else 0')


def table(nb):
    return nb.page.locator('table.dataTable tbody td:first-child').all_inner_texts()


def said(nb, text):
    nb.page.locator('.syngen-data').get_by_text(text, exact=True).wait_for()


def cleared(nb):
    return nb.page.locator('.jp-OutputArea img, .jp-OutputArea script, .jp-OutputArea iframe').count() == 0


# --- the form alone

FORM = "from syngen_nb import TaskForm\ns = TaskForm(cache=':memory:')\ns"
SLOW = """
import time
read = s._read
def read_slowly():
    time.sleep(.4)
    read()
s._read = read_slowly"""


def label_names(nb):
    return get(nb, "[o['name'] for o in s.value['labels']]")


def shown_names(nb):
    return nb.page.locator('.syngen-form .name').evaluate_all('l => l.map(o => o.value)')


def test_labels_are_read_from_text(notebook):
    "Typed and pasted text becomes rows of labels, and what is incomplete stays in the box"
    nb = show(notebook(FORM))
    p, box = nb.page, field(nb, 'Labels')
    box.click()
    p.keyboard.type('negative, positive: good, very good\nmixed', delay=30)
    until_equal(nb, lambda: label_names(nb), lambda: ['negative', 'positive'])
    until_equal(nb, lambda: box.input_value(), lambda: 'mixed')
    assert get(nb, "s.value['labels'][1]['description']") == 'good, very good'
    p.keyboard.press('Enter')
    until_equal(nb, lambda: shown_names(nb), lambda: ['negative', 'positive', 'mixed'])
    button(nb, 'Remove 2').click()
    until_equal(nb, lambda: label_names(nb), lambda: ['negative', 'mixed'])
    button(nb, 'Move down 1').click()
    until_equal(nb, lambda: label_names(nb), lambda: ['mixed', 'negative'])
    box.click()
    p.evaluate("""() => navigator.clipboard.writeText("['x', 'Negative', 'y']")""")
    p.keyboard.press('Control+V')
    until_equal(nb, lambda: shown_names(nb), lambda: ['mixed', 'negative', 'x', 'y'])
    p.locator('.syngen-form .msg').get_by_text('Already there: negative').wait_for()
    box.fill('["a", "b')
    p.locator('.syngen-form .msg').get_by_text('This list is incomplete').wait_for()
    box.fill('last')
    field(nb, 'Instruction').fill('Sort things')  # Who leaves the box is done with it
    until_equal(nb, lambda: shown_names(nb), lambda: ['mixed', 'negative', 'x', 'y', 'last'])
    until(nb, lambda: get(nb, 's.task is not None'))
    check_shares(nb)


def check_shares(nb):
    "A share may be typed next to a label; one that is wrong is marked, and the line below says why"
    p, share = nb.page, field(nb, 'Share 1')
    shares = "[o.share for o in s.task.labels] if s.task else 'none'"
    share.fill('60 %')
    until_equal(nb, lambda: get(nb, shares), lambda: [60, 10, 10, 10, 10])
    p.locator('.syngen-form .msg').get_by_text('5 labels, with 60 %, 10 %, 10 %, 10 %, 10 % of the rows').wait_for()
    assert field(nb, 'Share 2').get_attribute('placeholder') == '10 %'
    share.fill('60 of 100')
    p.locator('.syngen-form .msg').get_by_text('A share is a number such as').wait_for()
    assert share.get_attribute('aria-invalid') == 'true'
    assert field(nb, 'Name 1').get_attribute('aria-invalid') is None
    share.fill('3')
    button(nb, 'Move down 1').click()
    until_equal(nb, lambda: get(nb, shares), lambda: [1, 3, 1, 1, 1])
    until_equal(nb, lambda: field(nb, 'Share 2').input_value(), lambda: '3')
    field(nb, 'Share 2').fill('')
    until_equal(nb, lambda: get(nb, shares), lambda: [1] * 5)
    assert get(nb, "[list(o) for o in s.value['labels']]") == [['name', 'description']] * 5


def test_labels_with_a_slow_kernel(notebook):
    "Someone who types on before the kernel has answered loses no label, and none is reported as typed twice"
    nb = show(notebook(FORM))
    p, box = nb.page, field(nb, 'Labels')
    box.fill('first,')
    until_equal(nb, lambda: shown_names(nb), lambda: ['first'])
    nb.run(SLOW)
    box.click()
    p.keyboard.type('one, two, three, four, ', delay=70)
    p.locator('.syngen-form .name').first.fill('changed')
    names = ['changed', 'one', 'two', 'three', 'four']
    until_equal(nb, lambda: label_names(nb), lambda: names)
    until_equal(nb, lambda: box.input_value(), lambda: '')
    until_equal(nb, lambda: shown_names(nb), lambda: names)
    assert get(nb, "s.said['labels']") == '5 labels'


# --- the whole way


def test_the_whole_way(notebook, home, tmp_path):
    """From an instruction to a frame with the embedded model in one `Studio()`.

    The tree is edited, the run is stopped and resumed, the code is copied and run, and the page is reloaded."""
    nb = show(notebook('from syngen_nb import Studio\ns = Studio()\ns'))
    p, n = nb.page, 16
    task = Task('Classify the sentiment of a hotel review', ['negative', 'positive'])
    fill(nb, task.instruction, ', '.join(o.name for o in task.labels), n, 'local/small')
    begin(nb, 'Grow')
    ended(nb)
    same_tree(nb, 's.taxonomy')
    grown, plan = rows(nb), Plan.make(task, n)
    want = {1: 2, 2: (k := 2 * plan.n_source_type), 3: (k := k * plan.n_topic), 4: k * plan.n_subtopic}
    assert Counter(o['level'] for o in grown) == want
    until(nb, lambda: {o['status'] for o in rows(nb)} == {'done'})
    assert all(o['open'] == (None if o['level'] == 4 else 'true') for o in grown)

    # edit it
    topics = [o['id'] for o in grown if o['level'] == 3]
    row(nb, topics[0]).click()
    p.keyboard.press('F2')
    p.keyboard.type(NASTY)
    p.keyboard.press('Enter')
    until_equal(nb, lambda: get(nb, f's.taxonomy.nodes[{topics[0]!r}].name'), lambda: NASTY)
    same_tree(nb, 's.taxonomy')
    assert row(nb, topics[0]).locator('bdi').inner_text() == NASTY and cleared(nb)
    row(nb, topics[1]).click()
    p.keyboard.press('Delete')
    until(nb, lambda: not get(nb, f'{topics[1]!r} in s.taxonomy.nodes'))
    same_tree(nb, 's.taxonomy')
    fewer = rows(nb)
    assert len(fewer) == len(grown) - 1 - plan.n_subtopic
    row(nb, topics[2]).click()
    press(nb, 'Delete')
    until(nb, lambda: not get(nb, f'{topics[2]!r} in s.taxonomy.nodes'))
    same_tree(nb, 's.taxonomy')
    press(nb, 'Undo')
    until(nb, lambda: get(nb, f'{topics[2]!r} in s.taxonomy.nodes'))
    same_tree(nb, 's.taxonomy')
    strip = lambda rows: [o | dict(selected='') for o in rows]
    assert strip(rows(nb)) == strip(fewer)

    # its built-in names are used up the second time, then the model is asked
    kids = lambda: get(nb, f'list(s.taxonomy.nodes[{topics[-1]!r}].kids)')
    others, seen = (lambda now: [o['id'] for o in rows(nb) if o['id'] not in now]), set()
    were = others(kids())
    for _ in range(2):
        seen |= set(kids())
        row(nb, topics[-1]).click()
        begin(nb, 'Grow again')
        ended(nb)
        same_tree(nb, 's.taxonomy')
        now = kids()
        assert not seen & set(now) and others(now) == were
    assert get(nb, 's.run.usage.requests') > 0

    # write the texts
    begin(nb, 'Generate')
    until(nb, lambda: n_texts(nb) > 0)
    press(nb, 'Stop')
    ended(nb, 'stopped')
    some = get(nb, 'list(s.df.text)')
    assert 0 < len(some) < n
    button(nb, 'Resume').wait_for()
    said(nb, f'{len(some)} texts')
    assert table(nb) == some[:10] and progress(nb) < 100
    press(nb, 'Resume')
    ended(nb)
    said(nb, f'{n} texts')
    until_equal(nb, lambda: progress(nb), lambda: 100)
    texts = get(nb, 'list(s.df.text)')  # of those before, a label check may have turned some down
    assert (
        len(texts) == n
        and set(some) <= {*texts, *get(nb, 'list(s.run.dropped.text)')}
        and get(nb, 's.df.label.value_counts().to_dict()') == dict(negative=n // 2, positive=n // 2)
    )
    assert table(nb) == texts[:10]

    # take it away
    press(nb, 'Copy as Python')
    p.get_by_text('Copied', exact=True).wait_for()
    code = p.locator('pre[aria-label=Python]:visible').inner_text()
    assert p.evaluate('() => navigator.clipboard.readText()').strip() == code.strip()
    nb.run(f's.df.to_parquet({str(tmp_path / "a.parquet")!r})')
    r = python(code + FROM_CACHE, tmp_path / 'b.parquet', env=os.environ | dict(XDG_CACHE_HOME=str(home)))
    out, err = r.communicate(timeout=120)
    assert r.returncode == 0, out + err
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / 'a.parquet'), pd.read_parquet(tmp_path / 'b.parquet'))

    # every name is there once
    for o in ('Instruction', 'Labels', 'Rows'):
        assert field(nb, o).count() == 1
    for o in ('Grow', 'Generate', 'Pause', 'Stop', 'Grow again', 'Delete', 'Undo', 'Copy as Python'):
        assert button(nb, o).count() == 1, o

    # come back
    before = rows(nb)
    nb.save()
    nb.reload()
    same_tree(nb, 's.taxonomy')
    assert strip(rows(nb)) == strip(before) and row(nb, topics[0]).locator('bdi').inner_text() == NASTY and cleared(nb)
    said(nb, f'{n} texts')
    until_equal(nb, lambda: table(nb), lambda: texts[:10])
    until_equal(nb, lambda: progress(nb), lambda: 100)
    assert field(nb, 'Instruction').input_value() == task.instruction and field(nb, 'Rows').input_value() == str(n)


# --- with a server whose pace is known

KEY = 'a-key-of-a-test'
NOTES = """
from syngen_nb import Studio, Task, TaxonomyTree, get_model
m = get_model('openai/fake', base_url={url!r}, api_key={key!r}, concurrency={at_once}, retries=8)
"""
TASK = "Task('Sort notes by what they are about', ['Sea', 'Land', 'Air'])"


def of(s, cache, at_once=1, key=KEY):
    return NOTES.format(url=s.url, key=key, at_once=at_once) + f'CACHE = {str(cache)!r}\n'


def test_reload_in_mid_run(notebook, cache):
    "A page that is left in the middle of a run and opened again shows where it is, and goes on to the end"
    with serve(latency=0.5) as s:
        nb = show(notebook(of(s, cache) + f's = Studio({TASK}, model=m, cache=CACHE)\ns'))
        field(nb, 'Rows').fill('80')
        asking = nb.page.locator('[role=treeitem][data-status=asking]').first
        for name, what in (('Grow', 'len(s.taxonomy)'), ('Generate', '0 if s.df is None else len(s.df)')):
            nb.run('m.concurrency = 1')
            begin(nb, name)
            asking.wait_for()
            nb.save()
            nb.reload()
            n = get(nb, what)
            assert get(nb, 's.run.status') == 'running'
            until(nb, lambda: 0 < progress(nb) < 100)
            asking.wait_for()
            until(nb, lambda: get(nb, what) > n)
            nb.run('m.concurrency = 32')
            ended(nb)
            same_tree(nb, 's.taxonomy')
            until(nb, lambda: {o['status'] for o in rows(nb)} == {'done'})
            until_equal(nb, lambda: progress(nb), lambda: 100)
        said(nb, '80 texts')
        assert n_texts(nb) == 80


def test_pause(notebook, cache):
    "While a run is paused no request reaches the server and no row comes; it then goes on to the end"
    with serve(latency=0.2) as s:
        nb = show(notebook(of(s, cache, 32) + f's = Studio({TASK}, model=m, cache=CACHE)\ns'))
        field(nb, 'Rows').fill('80')
        begin(nb, 'Grow')
        ended(nb)
        nb.run('m.concurrency = 2')
        n = s.count
        begin(nb, 'Generate')
        until(nb, lambda: s.count > n + 4)
        press(nb, 'Pause')
        button(nb, 'Resume').wait_for()
        sent = s.count
        until(
            nb, lambda: not get(nb, "s.run.progress()['current']")
        )  # two were on their way, and their answers still count
        kept = lambda: get(nb, "[s.run.status, s.run.progress()['done'], len(s.run.frame)]")
        n, then = s.count, kept()
        _, done, rows = then
        share = get(nb, "int(100 * s.run.progress()['work'])")
        until_equal(nb, lambda: progress(nb), lambda: share)
        nb.page.wait_for_timeout(1000)  # time for ten
        assert (
            s.count == n <= sent + 2
            and kept() == then == ['paused', done, rows]
            and progress(nb) == share
            and 0 < rows <= done < 80
        )
        press(nb, 'Resume')
        until(nb, lambda: s.count > n + 4 and progress(nb) > share)
        nb.run('m.concurrency = 32')
        ended(nb)
        until_equal(nb, lambda: progress(nb), lambda: 100)
        said(nb, '80 texts')


def test_cap(notebook, cache):
    "At its spending cap a run says what is missing; a number that cannot be is turned down, a higher one goes on"
    with serve() as s:
        model = f"m = get_model('openai/fake', base_url={s.url!r}, api_key={KEY!r}, price=(1, 2), max_tokens=1000)"
        make = f's = Studio({TASK}, model=m, cache={str(cache)!r}, max_dollars=.02)\ns'
        nb = show(notebook(f'from syngen_nb import Studio, Task, get_model\n{model}\n{make}'))
        begin(nb, 'Grow')
        ended(nb)
        begin(nb, 'Generate')
        until(nb, lambda: get(nb, 's.run.is_at_cap'))
        box = nb.page.locator('.syngen-run .cap')
        said = "f'{s.run.cap_state}. Raise the cap to go on'"
        until_equal(nb, lambda: box.get_by_role('status').inner_text(), lambda: get(nb, said))
        nb.page.locator('.syngen-step .hint').get_by_text('missing. Raise the cap below to go on').wait_for()
        nb.page.get_by_text('more requests are cached').first.wait_for()
        asked = s.count
        press(nb, 'Resume')
        nb.page.get_by_role('alert').get_by_text('No other request fits below the cap').wait_for()
        new = box.get_by_label('New cap in dollars')
        assert float(new.input_value()) == 0.04
        new.fill('-1')
        press(nb, 'Raise the cap')
        nb.page.get_by_role('alert').get_by_text('0 or more, not -1').wait_for()
        assert s.count == asked
        new.fill('5')
        press(nb, 'Raise the cap')
        ended(nb)
        box.wait_for(state='hidden')
        nb.page.locator('.syngen-run .facts').get_by_text('of $5.00 spent').wait_for()
        nb.page.get_by_label('in batches').check()
        until(nb, lambda: get(nb, 's.batch'))
        field(nb, 'Model').fill('local/small')
        until(nb, lambda: nb.page.get_by_label('in batches').is_disabled())


def test_wrong_key(notebook, cache):
    "A wrong key is told in the provider's words and is shown nowhere; with the right one the run goes on"
    wrong = 'sk-SECRET-4711-abcdef'
    with serve(auth=KEY) as s:
        make = f's = Studio({TASK}, model="openai/fake", cache={str(cache)!r})\ns'
        nb = show(notebook(f'import os\nfrom syngen_nb import Studio, Task\n{make}'))
        use = lambda key: nb.run(f'os.environ |= dict(OPENAI_BASE_URL={s.url!r}, OPENAI_API_KEY={key!r})')
        for first, then in (('Grow', 'Resume'), ('Generate', 'Generate')):
            use(wrong)
            begin(nb, first)
            ended(nb, 'failed')
            nb.page.get_by_role('alert').get_by_text('Incorrect API key provided').wait_for()
            hint = nb.page.locator('.syngen-step', has=button(nb, first)).locator('.error.hint')
            hint.get_by_text('Incorrect API key provided').wait_for()
            nb.save()
            for o in (wrong, KEY):
                assert o not in nb.page.content() and o not in nb.path.read_text()
            use(KEY)
            n = s.count
            press(nb, then)
            until(nb, lambda: s.count > n and get(nb, 's.run.done'))
            assert get(nb, 's.run.status') == 'done'
            until(nb, lambda: 'Incorrect' not in nb.page.locator('.jp-OutputArea').inner_text())
        same_tree(nb, 's.taxonomy')
        said(nb, '40 texts')
        nb.save()
        for o in (wrong, KEY):
            assert o not in nb.page.content() and o not in nb.path.read_text()


def test_save_and_load(notebook, cache, tmp_path):
    "A studio saved from the page is the same when it is loaded into a new one, and asks for nothing again"
    nb = show(notebook(LESSON + "s = Studio(task, cache=Cache.replay('reviews'))\ns"))
    begin(nb, 'Grow')
    ended(nb)
    same_tree(nb, 's.taxonomy')
    begin(nb, 'Generate')
    ended(nb)
    said(nb, '40 texts')
    # its pages, by keyboard; which is none of JupyterLab's business
    were, texts = cells(nb), get(nb, 's.df.text.tolist()')
    until_equal(nb, lambda: table(nb), lambda: texts[:10])
    nb.page.locator('.dt-paging button').get_by_text('2', exact=True).focus()
    nb.page.keyboard.press('Enter')
    until_equal(nb, lambda: table(nb), lambda: texts[10:20])
    for o in ('d', 'd', 'x', 'a', 'm'):
        nb.page.keyboard.press(o)
    assert cells(nb) == were
    id = get(nb, 's.taxonomy.cells()[0].id')
    row(nb, id).click()
    nb.page.keyboard.press('F2')
    nb.page.keyboard.type('Renamed')
    nb.page.keyboard.press('Enter')
    until_equal(nb, lambda: get(nb, f's.taxonomy.nodes[{id!r}].name'), lambda: 'Renamed')
    with nb.page.expect_download() as d:
        press(nb, 'Save')
    d.value.save_as(tmp_path / 'studio.json')
    tree, texts, form = get(nb, 's.taxonomy.to_dict()'), get(nb, 's.df.values.tolist()'), get(nb, 's.form.value')

    nb = show(notebook(LESSON + f's = Studio(cache={str(cache)!r})\ns'))
    with nb.page.expect_file_chooser() as c:
        press(nb, 'Load')
    c.value.set_files(tmp_path / 'studio.json')
    said(nb, '40 texts')
    same_tree(nb, 's.taxonomy')
    assert (
        get(nb, 's.taxonomy.to_dict()') == tree
        and get(nb, 's.df.values.tolist()') == texts
        and get(nb, 's.form.value') == form
    )
    assert (
        field(nb, 'Instruction').input_value() == 'Classify the sentiment of a movie review'
        and row(nb, id).locator('bdi').inner_text() == 'Renamed'
    )
    assert table(nb) == [o[0] for o in texts[:10]]


WIDE = """() => {
  const isWide = e => e.clientWidth && e.scrollWidth > e.clientWidth + 1;
  const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX) || e.matches('.jp-OutputArea-output, .syngen');
  const all = '.jp-WindowedPanel-outer, .jp-OutputArea-output, .jp-OutputArea-output *';
  const wide = [...document.querySelectorAll(all)].filter(e => isWide(e) && !e.closest('pre') && scrolls(e));
  return wide.map(e => `${e.tagName} ${e.className} ${e.scrollWidth} > ${e.clientWidth}`);
}"""
WATCH = """() => {
  window.places = {};
  window.looks = 0;
  const names = ['Pause', 'Stop', 'Generate', 'Grow', 'Grow again', 'Delete', 'Undo'];
  const buttonOf = name => [...document.querySelectorAll('.syngen button')]
    .find(b => b.textContent == name && b.offsetParent);
  const watched = () => ({
    tree: document.querySelector('[role=tree][aria-label=Taxonomy]'),
    bar: document.querySelector('[role=progressbar][aria-label=Progress]'),
    ...Object.fromEntries(names.map(name => [name, buttonOf(name)])),
  });
  const look = () => {
    for (const [name, e] of Object.entries(watched())) {
      if (!e) continue;
      const box = e.getBoundingClientRect(), at = `${Math.round(box.left)} ${Math.round(box.top)}`;
      places[name] ??= [];
      if (!places[name].includes(at)) places[name].push(at);
    }
    looks++;
    requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.parametrize('width', [1280, 800, 600])
def test_page_fits(width, notebook, cache):
    "Nothing is wider than the page, and nothing jumps while a run goes on"
    with serve(latency=0.2) as s:
        made = f's = Studio({TASK}, model=m, cache=CACHE)\ns'
        nb = show(notebook(of(s, cache, 10) + made, size=(width, 1900)))  # High enough for no scrolling
        p = nb.page
        fits = lambda: p.evaluate(WIDE)
        if width == 1280:
            nb.command('filebrowser:activate')  # As Lab opens
        else:
            p.evaluate('() => jupyterapp.shell.collapseLeft()')
        field(nb, 'Rows').fill('48')
        assert fits() == []
        begin(nb, 'Grow')
        p.locator('[role=treeitem][aria-level="4"]').first.wait_for()
        p.evaluate(WATCH)
        ended(nb)
        begin(nb, 'Generate')
        until(nb, lambda: n_texts(nb) > 10)
        assert fits() == []
        ended(nb)
        said(nb, '48 texts')
        until_equal(nb, lambda: progress(nb), lambda: 100)
        looks = p.evaluate('() => looks')
        until(nb, lambda: p.evaluate('() => looks') > looks + 3)
        jumped = {k: v for k, v in p.evaluate('() => places').items() if len(v) > 1}
        assert width == 600 or jumped == {}  # Where lines are so short a hint may take two
        row(nb, get(nb, 's.taxonomy.cells()[0].id')).click()
        p.get_by_role('region', name='Node').locator('li').first.wait_for()
        tree = box(p.get_by_role('tree', name='Taxonomy'))
        node = box(p.get_by_role('region', name='Node'))
        if width == 600:  # The inspector is below the tree, and both have all the width
            assert node['y'] >= tree['y'] + tree['height'] and node['width'] == tree['width'] > 400
        else:
            assert node['x'] >= tree['x'] + tree['width'] > 400
        table, last = box(p.locator('.syngen-dataview')), box(p.locator('table.dataTable th').last)
        assert last['x'] + last['width'] <= table['x'] + table['width'] + 1
        press(nb, 'Copy as Python')
        p.locator('pre[aria-label=Python]:visible').wait_for()
        assert fits() == []


def box(locator):
    return locator.first.bounding_box()


def test_stop_is_no_failure(notebook, cache):
    "A stop shows one grey line, nothing in red; at the end the line is gone, and no list is short"
    with serve(latency=0.2) as s:
        nb = show(notebook(of(s, cache, 32) + f's = Studio({TASK}, model=m, cache=CACHE)\ns'))
        field(nb, 'Rows').fill('80')
        until(nb, lambda: get(nb, "'80 rows: ' in s.form.said.get('estimate', '')"))
        begin(nb, 'Grow')
        ended(nb)
        nb.run('m.concurrency = 2')
        begin(nb, 'Generate')
        until(nb, lambda: n_texts(nb) > 2)
        press(nb, 'Stop')
        ended(nb, 'stopped')
        run = nb.page.locator('.syngen-run')
        left = 80 - get(nb, "s.run.progress()['done']")
        run.get_by_text(f'{left} rows not written yet', exact=False).wait_for()
        assert run.locator('.errors li, .shorts li').count() == 0 and run.get_by_role('alert').inner_text() == ''
        until(nb, lambda: get(nb, "'for this tree' in s.form.said['estimate']"))
        nb.run('m.concurrency = 32')
        press(nb, 'Resume')
        ended(nb)
        assert 'not written' not in run.inner_text() and run.locator('.errors li, .shorts li').count() == 0


def test_no_scroll_box(notebook):
    "Where outputs are put into a scroll box, as Notebook 7 does with tall ones, a studio is not clipped"
    nb = show(notebook(LESSON + "s = Studio(task, cache=Cache.replay('reviews'))\ns"))
    nb.page.locator('.syngen-form').wait_for()
    nb.page.evaluate(f'() => {{ const cell = {NB}.content.widgets[0]; cell.outputsScrolled = true }}')
    area = '.jp-mod-outputsScrolled .jp-Cell-outputArea'
    heights = nb.page.evaluate(f'() => (e => [e.clientHeight, e.scrollHeight])(document.querySelector({area!r}))')
    assert heights[0] > 400 and heights[1] <= heights[0] + 1
