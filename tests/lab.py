"""Start a JupyterLab and a Chromium for tests, pictures and benchmarks.

Both listen on this machine only and have folders of their own. They end with all that they started.

with start_lab(folder) as lab, start_chrome() as chrome, lab.open(chrome, 'print(1)') as nb:
    nb.run_all()
    nb.page.screenshot(path='lab.png')"""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import psutil

FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
]
NAMES = 'chromium chromium-browser google-chrome google-chrome-stable'.split()
MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
NB = 'window.jupyterapp?.shell.currentWidget'
KERNEL = f'{NB}?.sessionContext?.session?.kernel'
SETTINGS = 'lab/user-settings/@jupyterlab/apputils-extension'
RUN = """async code => {
  let said = '';
  const f = KERNEL.requestExecute({ code, store_history: false });
  f.onIOPub = m => { said += m.content.text ?? m.content.traceback?.join('\\n') ?? '' };
  return [(await f.done).content.status, said];
}""".replace('KERNEL', KERNEL)
WRONG = """() => NB.content.widgets.flatMap(w => {
  const o = w.model.outputs;
  const all = Array.from({ length: o?.length ?? 0 }, (_, i) => o.get(i).toJSON());
  return all.filter(o => o.output_type == 'error').map(o => o.traceback.join('\\n'));
})""".replace('NB', NB)


def find_chrome():
    "Return the path of a Chromium or Chrome: this machine's, else Playwright's, else None."
    for p in filter(None, [*map(shutil.which, NAMES), MAC]):
        if os.path.exists(p):
            return p
    with suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as pw:
            p = pw.chromium.executable_path
        if os.path.exists(p):
            return p


@contextmanager
def start_chrome():
    "Start the browser, without a window."
    from playwright.sync_api import sync_playwright

    with sync_playwright() as pw:
        b = pw.chromium.launch(executable_path=find_chrome(), args=FLAGS)
        try:
            yield b
        finally:
            b.close()


def _plain(traceback):
    return re.sub(r'\x1b\[[\d;]*m', '', traceback)


def _die_with_parent():
    "On Linux, let a child process end when its parent does, even if that is killed."
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _end(p):
    "End a server, its group, and the kernels that it started in groups of their own."
    kids = []
    with suppress(psutil.Error):
        kids = psutil.Process(p.pid).children(recursive=True)
    with suppress(ProcessLookupError):
        os.killpg(p.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        p.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(p.pid, signal.SIGKILL)
    for k in kids:
        with suppress(psutil.Error):
            k.kill()
    p.wait()


@contextmanager
def start_lab(folder, python=sys.executable, **env):
    """Start a JupyterLab on a free port, in the environment of `python`.

    `folder` holds its notebooks, settings and log. Its kernels see no key, and the variables of `env`.
    """
    folder = Path(folder)
    own = {o: folder / '.jupyter' / o for o in ('config', 'data', 'runtime', 'ipython')}
    (own['config'] / SETTINGS).mkdir(parents=True)
    (own['config'] / SETTINGS / 'notification.jupyterlab-settings').write_text(
        json.dumps(dict(fetchNews='false', checkForUpdates=False))
    )
    env = (
        {k: v for k, v in os.environ.items() if not k.startswith(('JUPYTER', 'IPYTHON', 'OPENAI_', 'ANTHROPIC_'))}
        | dict(
            IPYTHONDIR=str(own['ipython']),
            PYTHONWARNINGS='ignore',
            **{f'JUPYTER_{o.upper()}_DIR': str(own[o]) for o in ('config', 'data', 'runtime')},
        )
        | {k: str(v) for k, v in env.items()}
    )
    log = open(folder / '.jupyter/log', 'w')
    p = subprocess.Popen(
        [
            python,
            '-m',
            'jupyterlab',
            '--no-browser',
            '--allow-root',
            '--ip=127.0.0.1',
            '--port=0',
            f'--ServerApp.root_dir={folder}',
            '--IdentityProvider.token=',
            '--LabApp.expose_app_in_browser=True',
        ],
        env=env,
        cwd=folder,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    try:
        yield Lab(folder, _url(p, own['runtime'], folder / '.jupyter/log'))
    finally:
        _end(p)
        log.close()


def _url(p, runtime, log, seconds=60):
    "Wait until a server listens, and return its address."
    end = time.time() + seconds
    while time.time() < end and p.poll() is None:
        for o in runtime.glob('jpserver-*.json'):
            with suppress(ValueError):
                return json.loads(o.read_text())['url'].rstrip('/')
        time.sleep(0.05)
    raise RuntimeError(f'JupyterLab did not start:\n{log.read_text()[-3000:]}')


class Lab:
    "A running JupyterLab."

    def __init__(self, folder, url):
        self.folder, self.url, self.n, self.page = folder, url, 0, None

    @contextmanager
    def open(self, chrome, *cells, name='notebook', theme='JupyterLab Light', size=(1280, 900), again=False):
        """Open a new notebook of `cells`, each code or a cell of nbformat, in a page of its own.

        With `again` it opens in the page that was left before, which has JupyterLab loaded. Its kernel ends with the block.
        """
        self.n += 1
        # Always a new name, or Lab would give the notebook the kernel of an earlier one
        name = f'{name}{self.n if self.n > 1 else ""}.ipynb'
        nb = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(c) if isinstance(c, str) else c for c in cells],
            metadata=dict(kernelspec=dict(name='python3', display_name='Python 3', language='python')),
        )
        nbformat.write(nb, self.folder / name)
        (self.folder / '.jupyter/config' / SETTINGS / 'themes.jupyterlab-settings').write_text(
            json.dumps(dict(theme=theme))
        )
        size = dict(zip(('width', 'height'), size))
        old = self.page if again and self.page and not self.page.is_closed() else None
        page = old or chrome.new_context(viewport=size, permissions=['clipboard-read', 'clipboard-write']).new_page()
        self.page = None
        try:
            nb = Notebook(page, f'{self.url}/doc/tree/{name}', self.folder / name)
            try:
                if old:
                    old.set_viewport_size(size)
                    nb.open()
                else:
                    nb.reload()
                yield nb
            finally:
                nb.close()
            if again:
                self.page = page
        finally:
            if self.page is not page:
                page.context.close()


class Notebook:
    "A notebook in a page, with what went wrong there."

    def __init__(self, page, url, path):
        self.page, self.url, self.path, self.errors = page, url, path, []
        self.heard = dict(
            pageerror=lambda e: self.errors.append(f'{e.name}: {e.message}\n{e.stack}'),
            dialog=self.accept,
            console=lambda m: m.type == 'error' and self.errors.append(f'{m.text} ({m.location.get("url")})'),
        )
        for k, f in self.heard.items():
            page.on(k, f)

    def accept(self, dialog):
        "Note a dialog of the browser as an error, unless it asks whether to leave the page."
        if dialog.type != 'beforeunload':
            self.errors.append(f'a dialog: {dialog.message}')
        dialog.accept()

    def open(self):
        "Open it in a page that has JupyterLab."
        self.command('docmanager:open', path=self.path.name)
        self.idle()

    def reload(self):
        "Load the page again. The kernel goes on, and what was not saved is gone."
        self.page.goto(self.url + '?reset')
        self.idle()

    def idle(self, seconds=60):
        self.page.wait_for_function(f"() => {KERNEL}?.status=='idle'", timeout=seconds * 1000)

    def command(self, name, **kw):
        return self.page.evaluate(
            'async ([name, kw]) => { await window.jupyterapp.commands.execute(name, kw) }', [name, kw]
        )

    def run_all(self):
        "Run all cells, and raise the errors in them."
        self.command('notebook:run-all-cells')
        if wrong := self.page.evaluate(WRONG):
            raise AssertionError(_plain('\n'.join(wrong)))

    def run(self, code):
        "Run `code` in the kernel, outside any cell, and return what it prints."
        status, said = self.page.evaluate(RUN, code)
        if status != 'ok':
            raise AssertionError(_plain(said))
        return said

    def save(self):
        self.command('docmanager:save')

    def shutdown(self):
        with suppress(Exception):
            self.page.evaluate(f'async () => {{ await {NB}.sessionContext.shutdown() }}')

    def close(self):
        "End its kernel, and leave the page to the next notebook."
        self.shutdown()
        for k, f in self.heard.items():
            self.page.remove_listener(k, f)
        with suppress(Exception):
            self.page.evaluate(f'() => {NB}.dispose()')  # close would ask whether to save
