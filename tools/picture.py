"""Photograph the quickstart in JupyterLab: nbs/images/quickstart.png.

    python tools/picture.py

Runs the notebook in a real JupyterLab in Chromium. The embedded model answers, from the user's cache where it has answered before. Needs `pip install playwright` and
a Chromium (Debian's package will do)."""
import json, os, shutil, signal, subprocess, sys, tempfile, time, urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

root = Path(__file__).parents[1]
flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split()
kernel = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
cells = ["from syngen_nb import Task, generate, grow\n\ntask = Task('Classify the sentiment of a movie review', ['negative', 'positive'])\ndf = generate(task, 40)",
    "df.drop(columns=['cell', 'model']).sample(5, random_state=3)", "grow(task, 3, 3, 2)"]

def main(theme='JupyterLab Light', out=root/'nbs/images/quickstart.png'):
    folder,port = Path(tempfile.mkdtemp()),8899
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell('# A classifier without data')]+[nbformat.v4.new_code_cell(c) for c in cells],
        metadata=dict(kernelspec=dict(name='python3', display_name='Python 3', language='python')))
    nbformat.write(nb, folder/'quickstart.ipynb')
    settings = folder/'config/lab/user-settings/@jupyterlab/apputils-extension'
    settings.mkdir(parents=True)
    (settings/'themes.jupyterlab-settings').write_text(json.dumps(dict(theme=theme)))
    (settings/'notification.jupyterlab-settings').write_text(json.dumps(dict(fetchNews='false', checkForUpdates=False)))
    env = os.environ | dict(JUPYTER_CONFIG_DIR=str(folder/'config'), JUPYTERLAB_SETTINGS_DIR=str(folder/'config/lab/user-settings'))
    lab = subprocess.Popen([sys.executable, '-m', 'jupyter', 'lab', '--no-browser', '--allow-root', '--ip=127.0.0.1', f'--port={port}', '--ServerApp.port_retries=0', f'--ServerApp.root_dir={folder}',
        '--IdentityProvider.token=', '--LabApp.expose_app_in_browser=True'], env=env, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f'http://127.0.0.1:{port}'
        for _ in range(300):
            try: urllib.request.urlopen(url+'/api', timeout=1); break
            except OSError: time.sleep(.1)
        with sync_playwright() as pw:
            page = pw.chromium.launch(executable_path=shutil.which('chromium') or shutil.which('google-chrome'), args=flags).new_page(viewport=dict(width=1100, height=950))
            page.goto(f'{url}/doc/tree/quickstart.ipynb?reset')
            page.wait_for_function(f"()=>{kernel}?.status=='idle'", timeout=60_000)
            page.evaluate("()=>{window.jupyterapp.commands.execute('notebook:run-all-cells')}")
            page.wait_for_selector('.syngen-taxonomy', timeout=600_000)
            page.evaluate("()=>document.querySelectorAll('.syngen-taxonomy details').forEach((d,i)=>{ if (i<5) d.open = true })")
            page.evaluate("()=>{window.jupyterapp.shell.collapseLeft?.(); document.querySelector('.jp-WindowedPanel-outer').scrollTop = 0}")
            page.wait_for_timeout(1000)
            out.parent.mkdir(exist_ok=True)
            page.screenshot(path=out)
    finally:
        os.killpg(lab.pid, signal.SIGTERM)
        lab.wait(20)
        shutil.rmtree(folder)

if __name__=='__main__': main()
