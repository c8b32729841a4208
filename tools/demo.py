"""Run the quickstart for real and show what came out.

    python tools/demo.py [MODEL [FOLDER]]

leaves demo.csv and the executed notebook, demo.ipynb, in the folder, by default the project's. It shows what the
notebook prints, and its progress bars, while it runs."""

import re
import sys
import time
from html import unescape
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

root = Path(__file__).parents[1]


class Shown(NotebookClient):
    "A client that says what the kernel says, as it says it"

    said, last = '', 0.0

    def process_message(self, msg, cell, cell_index):
        kind, content = msg['msg_type'], msg['content']
        if kind == 'stream':
            print(content['text'], end='', flush=True)
        elif kind == 'comm_msg':
            self.bar(content['data'].get('state', {}).get('value'))
        return super().process_message(msg, cell, cell_index)

    def bar(self, value):
        "A line every three seconds in which the text beside a progress bar changes"
        if not isinstance(value, str):
            return
        text = ' '.join(unescape(re.sub('<[^>]*>', '', value)).split())
        if '[' in text and text != self.said and time.time() - self.last > 3:
            self.said, self.last = text, time.time()
            print('  ' + text, flush=True)


def main(model='local', folder=root):
    folder = Path(folder)
    t = time.time()
    nb = nbformat.read(root / 'nbs/tutorials/quickstart.ipynb', 4)
    cell = next(c for c in nb.cells if c.source.startswith("model = 'local'"))
    cell.source = cell.source.replace("'local'", repr(model), 1)
    for c in nb.cells:
        if c.cell_type == 'code':
            c.outputs, c.execution_count = [], None
    print(f'Running the quickstart with the model {model} ...', flush=True)
    try:
        Shown(nb, timeout=None, kernel_name='python3', resources=dict(metadata=dict(path=str(folder)))).execute()
    except CellExecutionError as e:
        sys.exit(str(e))
    finally:
        nbformat.write(nb, folder / 'demo.ipynb')
    df = pd.read_csv(folder / 'demo.csv')
    print('\n', df.drop(columns=['cell', 'model']).head().to_string(max_colwidth=30), '\n')
    for _, r in df.groupby('label').head(2).iterrows():
        print(f'[{r.label}] {r.text}\n')
    print(f'{len(df)} rows in demo.csv, the executed notebook in demo.ipynb; {time.time() - t:.0f} s')


if __name__ == '__main__':
    main(*sys.argv[1:3])
