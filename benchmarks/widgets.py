"""The tree in a real browser, in JupyterLab: how soon it shows, follows a run and answers a click, and what it sends.

    python benchmarks/widgets.py [--strict]

All times end when the page is painted. `--strict`: exit with an error if a median misses its aim."""

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'tests'))
from fake_server import serve
from lab import start_chrome, start_lab

SETUP = """
import json, time
from own import Own
from syngen_nb import Task, Taxonomy, get_model, start
from syngen_nb.widgets.taxonomy_tree import TaxonomyTree

def tree(n, source_types):
    "A taxonomy of `n` nodes: four labels, ten topics each source type, and subtopics spread over them"
    tax = Taxonomy(Task('Sort notes by what they are about', ['Sea', 'Land', 'Air', 'Fire']))
    with tax.edit():
        kinds = [tax.add(o, f'{o.name} source type {i}') for o in tax.children() for i in range(source_types)]
        topics = [tax.add(o, f'{o.name}, topic {i}') for o in kinds for i in range(10)]
        for i in range(n-len(tax)): tax.add(topics[i%len(topics)], f'Subtopic number {i} of them all')
    assert len(tax)==n
    return tax

small,large = tree(2_000, 5),tree(10_000, 10)
"""
# The first task after the next frame, which by then is painted
PAINTED = """window.painted = f => requestAnimationFrame(() => {
  const c = new MessageChannel();
  c.port1.onmessage = f;
  c.port2.postMessage(0);
})"""
# From running a cell to its rows painted
SHOWN = """async i => {
  const nb = window.jupyterapp.shell.currentWidget;
  nb.content.activeCellIndex = i;
  const shown = new Promise(f => new MutationObserver((_, o) => {
    if (!document.querySelector('.syngen-tree [role=treeitem]')) return;
    o.disconnect();
    painted(() => f(performance.now()));
  }).observe(document.body, { childList: true, subtree: true }));
  const t = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  return [(await shown - t)/1000, document.querySelectorAll('.syngen-tree [role=treeitem]').length];
}"""
# When the tree was last painted after a change
FOLLOW = """() => new MutationObserver(() => painted(() => { window.changed = Date.now() / 1000 }))
  .observe(document.querySelector('.syngen-tree [role=tree]'),
    { attributes: true, childList: true, characterData: true, subtree: true })"""
# From a click to the node's being painted in the inspector, and to its texts being there too
CLICKED = """() => {
  let id = null, at = 0;
  window.clicks = [[], []];
  const side = document.querySelector('.syngen-tree [role=region]');
  const name = () => document.querySelector(`[role=treeitem][data-id="${id}"] bdi`).textContent;
  const tell = list => { const t = at; painted(() => list.push((performance.now() - t) / 1000)) };
  let waiting = [];
  document.addEventListener('click', e => {
    const r = e.target.closest('[role=treeitem]');
    if (r) [id, at, waiting] = [r.dataset.id, e.timeStamp, [...window.clicks]];
  }, true);
  new MutationObserver(() => {
    if (!waiting.length || side.querySelector('h4')?.textContent != name()) return;
    if (waiting.length == 2) tell(waiting.shift());
    if (side.querySelector('li')) tell(waiting.shift());
  }).observe(side, { childList: true, subtree: true, characterData: true });
}"""
ALL_DONE = "() => [...document.querySelectorAll('.syngen-tree [role=treeitem]')].every(o => o.dataset.status == 'done')"
# Bytes of what differs from what was sent before; of a list what was not in it
CHANGED = """
changed,seen,told = 0,{},{}
def fresh(new, old):
    changed = {k: v for k, v in new.items() if k not in old or old[k] != v}
    return {k: [o for o in v if o not in old.get(k, [])] if isinstance(v, list) else v for k, v in changed.items()}
def size(o): return len(json.dumps(o, separators=(',', ':'), ensure_ascii=False).encode())
def note(msg, buffers=None, plain=t.send):
    global changed,told
    if msg['op']=='patch':
        for i,r in t._snapshot().items():
            d = fresh({k:v for k,v in r.items() if k!='seq'}, seen.get(i, {}))
            if d: changed += size({i: d})
            seen[i] = r
    if msg['op']=='details':
        changed += size(fresh(msg, told))
        told = msg
    plain(msg, buffers)
seen = t._snapshot()
t.send = note
"""


def shown(nb, i, want, k=7):
    "Seconds from running cell `i` to its tree of `want` rows, `k` times"
    out = []
    for _ in range(k):
        nb.command('notebook:clear-all-cell-outputs')
        nb.run("if 't' in globals(): t.close()")
        nb.page.wait_for_timeout(300)
        t, rows = nb.page.evaluate(SHOWN, i)
        assert rows == want or want is None, f'{rows} rows, not {want}'
        out.append(t)
    return out


def until_done(nb):
    while nb.run('print(run.done)') != 'True\n':
        nb.page.wait_for_timeout(200)
    assert nb.run('print(run.status)') == 'done\n'
    nb.page.wait_for_function(ALL_DONE)
    nb.page.wait_for_timeout(500)


def followed(nb, k=5):
    "Seconds from the last change of a node in a run to its being painted, and changes of nodes in a run"
    nb.page.evaluate(FOLLOW)
    out = []
    for _ in range(k):
        nb.run("""
last = [0, 0]
def note(ids):
    if ids: last[:] = time.time(), last[1]+len(ids)
run = start(small, sample_per_subtopic=1, model=Own(), cache=':memory:')
run.watch(note)
t.run = run""")
        until_done(nb)
        at, n = map(float, nb.run('print(*last)').split())
        out.append(nb.page.evaluate('() => window.changed') - at)
    return out, int(n)


def run_texts(nb, url, tmp, n, name):
    nb.run(f"""
fake = get_model('openai/fake', base_url='{url}', api_key='k', concurrency=32)
run = start(small, sample_per_subtopic={n}, model=fake, cache='{tmp}/{name}.sqlite')
t.run = run""")


def clicked(nb, url, tmp, k=40):
    "Seconds from clicks on nodes to their being shown, and to their texts, during a run"
    nb.page.evaluate(CLICKED)
    run_texts(nb, url, tmp, 20, 'clicks')
    tree = nb.page.get_by_role('tree', name='Taxonomy').bounding_box()
    nb.page.wait_for_timeout(1500)
    for i in range(k):
        nb.page.mouse.click(tree['x'] + tree['width'] / 2, tree['y'] + 14 + 24 * (i * 7 % 16))
        nb.page.wait_for_function('n => window.clicks[1].length==n', arg=i + 1)
        nb.page.wait_for_timeout(100 + i * 37 % 100)  # at any time between patches
    assert nb.run('print(run.status)') == 'running\n', 'the run ended before the clicks did'
    nb.run('run.stop()')
    return nb.page.evaluate('() => window.clicks')


def traffic(nb, url, tmp, frames, select, name):
    "Bytes of comm messages, on the websocket, and bytes of what changed, in a run with the node `select` shown"
    nb.run(f't.run = None; t.selected = {select!r}')
    nb.page.wait_for_timeout(1000)
    nb.run(CHANGED)
    frames.clear()
    run_texts(nb, url, tmp, 5, name)
    until_done(nb)
    nb.run('del t.send')
    sent = sum(len(o) for o in frames if b'"comm_msg"' in o)
    return sent, int(nb.run('print(changed)'))


def main(strict=False):
    missed = []

    def row(name, values, aim, unit='s'):
        m = median(values)
        if aim and m > aim:
            missed.append(name)
        print(
            f'{name:<74}{min(values):>8.3f}{m:>8.3f}{max(values):>8.3f}{f"{aim:g} {unit}" if aim else "":>8}',
            flush=True,
        )

    print(f'{"":<74}{"min":>8}{"median":>8}{"max":>8}{"aim":>8}')
    cells = (
        SETUP,
        't = TaxonomyTree(small)\nt',
        't = TaxonomyTree(small, depth=4)\nt',
        't = TaxonomyTree(large)\nt',
        't = TaxonomyTree(large, depth=4)\nt',
    )
    with (
        tempfile.TemporaryDirectory() as tmp,
        serve(latency=0.2) as server,
        start_chrome() as chrome,
        start_lab(tmp, PYTHONPATH=os.pathsep.join(sys.path[:1] + [str(HERE)])) as lab,
        lab.open(chrome, *cells, size=(1280, 1400)) as nb,
    ):
        frames = []
        heard = lambda o: frames.append(o.encode() if isinstance(o, str) else o)
        nb.page.on('websocket', lambda ws: (ws.on('framereceived', heard), ws.on('framesent', heard)))
        nb.page.add_init_script(PAINTED)
        nb.reload()
        nb.run(SETUP)
        for i, (n, how, want, aim) in enumerate(
            [
                ('2,000', 'as it opens', None, 0.5),
                ('2,000', 'all levels open', 2_000, 0.5),
                ('10,000', 'as it opens', None, 2),
                ('10,000', 'all levels open', 10_000, 2),
            ],
            1,
        ):
            row(f'{n} nodes, {how}: from running the cell to painted', shown(nb, i, want), aim)
        shown(nb, 2, 2_000, 1)
        lag, n = followed(nb)
        row(f'{n:,} changes of 2,000 nodes in a run: from the last to painted', lag, 1)
        node, texts = clicked(nb, server.url, tmp)
        row('a click while a run has 32 requests on the way: to the node inspected', node, 0.1)
        row('the same: to its texts', texts, None)
        leaf, label = nb.run('print(small.cells()[0].id, small.children()[0].id)').split()
        for name, select in (('no node', ''), ('a subtopic', leaf), ('a label', label)):
            sent, changed = traffic(nb, server.url, tmp, frames, select, name)
            row(f'bytes sent in a run, {name} selected: {sent:,} to {changed:,} that changed', [sent / changed], 2, 'x')
        if nb.errors:
            print('errors in the page:', *nb.errors, sep='\n')
    if missed:
        print('aim missed:', *missed, sep='\n  ')
    if strict and (missed or nb.errors):
        sys.exit(1)


if __name__ == '__main__':
    main('--strict' in sys.argv)
