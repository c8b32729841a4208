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

ROOT = Path(__file__).parents[1]
TAG = re.compile('<[^>]*>')
SECONDS_BETWEEN_LINES = 3


class TalkingClient(NotebookClient):
    "Run a notebook, and print at once what it prints."

    last_line = ''
    last_time = 0.0

    def process_message(self, msg, cell, cell_index):
        kind, content = msg['msg_type'], msg['content']
        if kind == 'stream':
            print(content['text'], end='', flush=True)
        elif kind == 'comm_msg':  # A widget changed
            self.show_progress(content['data'].get('state', {}).get('value'))
        return super().process_message(msg, cell, cell_index)

    def show_progress(self, value):
        "Print the text next to a progress bar, if it changed and the last line is some seconds old."
        if not isinstance(value, str):
            return
        line = ' '.join(unescape(TAG.sub('', value)).split())
        is_news = ' of ' in line and line != self.last_line
        if is_news and time.time() - self.last_time > SECONDS_BETWEEN_LINES:
            self.last_line, self.last_time = line, time.time()
            print('  ' + line, flush=True)


def quickstart(model):
    "Return the quickstart without outputs, for a model."
    notebook = nbformat.read(ROOT / 'nbs/tutorials/quickstart.ipynb', 4)
    for cell in notebook.cells:
        if cell.source.startswith("model = 'local'"):
            cell.source = cell.source.replace("'local'", repr(model), 1)
        if cell.cell_type == 'code':
            cell.outputs = []
            cell.execution_count = None
    return notebook


def run(notebook, folder):
    "Run the notebook in `folder`, and write it there even if it fails."
    client = TalkingClient(
        notebook, timeout=None, kernel_name='python3', resources=dict(metadata=dict(path=str(folder)))
    )
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(str(error))
    finally:
        nbformat.write(notebook, folder / 'demo.ipynb')


def show(df):
    "Print the first rows, and two whole texts of each label."
    print('\n', df.drop(columns=['cell', 'model']).head().to_string(max_colwidth=30), '\n')
    for _, row in df.groupby('label').head(2).iterrows():
        print(f'[{row.label}] {row.text}\n')


def main(model='local', folder=ROOT):
    folder = Path(folder)
    began = time.time()
    print(f'Running the quickstart with the model {model} ...', flush=True)
    run(quickstart(model), folder)
    df = pd.read_csv(folder / 'demo.csv')
    show(df)
    print(f'{len(df)} rows in demo.csv, the executed notebook in demo.ipynb; {time.time() - began:.0f} s')


if __name__ == '__main__':
    main(*sys.argv[1:3])
