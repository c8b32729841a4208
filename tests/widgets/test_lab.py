"The widgets' base classes in a real JupyterLab, and what the other browser tests rely on"

import subprocess
import sys
import textwrap

import psutil
import pytest
from helpers import HERE

CLOCK = '''
from syngen_nb.display import static
from syngen_nb.widgets.base import Live
class Clock(Live):
    _esm = static('common.js') + """
        export default { ...live, render({ model, el }) {
          const n = h('output');
          const draw = () => say(n, `${model.get('state').a.turns} turns`);
          model.on('msg:custom', m => m.op == 'error' ? say(n, m.text) : draw());
          const wind = turns => () => model.send({ op: 'wind', turns });
          el.append(n, button('Wind', wind(2)), button('Break', wind('many')));
          draw();
        } };"""
    turns = 0
    def _records(self, ids): return {i: dict(turns=self.turns) for i in ids}
    def _on_wind(self, turns): self.turns += int(turns); self._changed(['a'])
c = Clock(dict(a=dict(turns=0)))
c
'''


def test_two_views_and_a_reload(notebook):
    "What one view asks for shows in both, is true in the kernel and survives a reload; errors show on the page"
    nb = notebook(CLOCK, 'c')
    nb.run_all()
    outs = nb.page.locator('output')
    outs.nth(1).wait_for()
    assert outs.all_inner_texts() == ['0 turns', '0 turns']
    nb.page.get_by_role('button', name='Wind').first.click()
    nb.page.wait_for_function("() => [...document.querySelectorAll('output')].every(o => o.textContent == '2 turns')")
    assert nb.run("print(c.turns, c.state['a'])") == "2 {'turns': 2}\n"
    nb.save()
    nb.reload()
    outs.nth(1).wait_for()
    assert outs.all_inner_texts() == ['2 turns', '2 turns'] and nb.run('print(c.turns)') == '2\n'
    nb.page.get_by_role('button', name='Break').first.click()
    nb.page.wait_for_function("() => document.querySelector('output').textContent.includes('many')")


def test_errors_are_seen(lab, chrome):
    "An error in a cell, in the kernel, in the page and on its console"
    with lab.open(chrome, '1/0', again=True) as nb:
        with pytest.raises(AssertionError, match='ZeroDivisionError'):
            nb.run_all()
        with pytest.raises(AssertionError, match='NameError'):
            nb.run('nothing_of_that_name')
        assert nb.errors == []
        nb.page.evaluate(
            """() => {
              setTimeout(() => { throw new Error('thrown') });
              console.error('told');
              return new Promise(f => setTimeout(f, 100));
            }"""
        )
        assert len(nb.errors) == 2 and 'told' in nb.errors[0] + nb.errors[1] and 'thrown' in nb.errors[0] + nb.errors[1]


def test_kernel_of_the_tests(notebook, home, small):
    "The kernel runs this environment's Python, keeps its cache to itself and finds the small model"
    nb = notebook()
    out = nb.run(
        'import sys; from syngen_nb import Cache; from syngen_nb.model_files import fetch_model_file as fetch_weights; '
        'print(sys.prefix); print(Cache().path); print(fetch_weights("local/small").resolve())'
    )
    assert out.splitlines() == [sys.prefix, str(home / 'syngen_nb/cache.sqlite'), str(small.resolve())]


HOLD = """
    import sys, time
    sys.path.insert(0, sys.argv[1])
    from lab import start_lab
    with start_lab(sys.argv[2]) as lab:
        import json, urllib.request
        urllib.request.urlopen(lab.url+'/api').read()
        print('up', flush=True)
        time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='only Linux ends a process with its parent')
def test_no_orphans(tmp_path):
    "A killed test takes its JupyterLab with it"
    p = subprocess.Popen(
        [sys.executable, '-c', textwrap.dedent(HOLD), HERE, tmp_path],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert p.stdout.readline() == 'up\n'
        (server,) = psutil.Process(p.pid).children()
    finally:
        p.kill()
        p.wait()
        p.stdout.close()
    server.wait(20)


PRICES = r"""
import pandas as pd
from IPython.display import Markdown, display
from syngen_nb import DataView, Task, card
task = Task(r'From $5 to $10, \(a\) <script>window.ran = 1</script> [x](javascript:run())', ['$1 or $2', '$3 or $4'])
df = pd.DataFrame(dict(text=['It costs $5, not $6', r'\begin{a}b\end{a}'], label=[o.name for o in task.labels]))
df.attrs['syngen'] = dict(instruction=task.instruction)
display(Markdown(card(df, health=False)), card(df, health=False), task, DataView(df))
Markdown('A formula: $x$')
"""


def test_prices_are_no_formulas(notebook):
    "JupyterLab sets the formula of a user, and none of ours; nothing of a text runs or is a link"
    nb = notebook(PRICES)
    nb.run_all()
    nb.page.locator('mjx-container').first.wait_for()
    nb.page.get_by_text('It costs $5, not $6').nth(2).wait_for()
    assert nb.page.locator('mjx-container').count() == 1
    assert nb.page.evaluate('() => window.ran ?? null') is None
    assert nb.page.locator('.jp-OutputArea a[href^=javascript]').count() == 0
