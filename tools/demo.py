"""Run the quickstart for real and show what came out.

    python tools/demo.py [MODEL [FOLDER [ROWS]]]

leaves demo.csv, the classifier in demo-classifier and the executed notebook, demo.ipynb, in the folder, by default the
project's. The model writes: nothing is replayed. Rows are shown as they come, with what the notebook prints. There are
40 of them, as in the quickstart, unless ROWS says otherwise."""

import sys
import time
from pathlib import Path

import nbformat
import pandas as pd
import zmq
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from syngen_nb import Classifier
from syngen_nb.wording import counted

ROOT = Path(__file__).parents[1]
# A kernel warns of a connection that is not encrypted, so this one is, where that can be done
ENCRYPTED = Config(KernelManager=dict(transport_encryption='auto')) if zmq.has('curve') else Config()
GENERATE = 'df = generate(task, 40, model=model, cache=cache)'
ROWS_AS_THEY_COME = """
import time

from syngen_nb import start

run = start(task, 40, model=model, cache=cache)
shown = set()
said = ''
while True:
    is_done = run.done
    new = run.frame[lambda rows: ~rows.text.isin(shown)]
    for row in new.itertuples():
        print(f'  {len(shown) + 1}. [{row.label}] {row.text}', flush=True)
        shown.add(row.text)
    if not len(new) and not is_done:
        stages = run.progress()['stages'].items()
        words = ', '.join(f'{stage}: {n} of {of}' for stage, (n, of) in stages if n < of)
        if words != said:
            print(f'  ({words}; {run.usage})', flush=True)
        said = words
    if is_done:
        break
    time.sleep(3)
df = run.result()
replaced = run.dropped[run.dropped.text.isin(shown)]
print(f'{len(replaced) or "None"} of the texts above were replaced{":" if len(replaced) else ""}')
for reason, n in replaced.reason.value_counts().items():
    print(f'  {n} {reason}')
"""


class TalkingClient(NotebookClient):
    "Run a notebook, and print at once what it prints."

    def process_message(self, msg, cell, cell_index):
        if msg['msg_type'] == 'stream' and msg['content']['name'] == 'stdout':
            print(msg['content']['text'], end='', flush=True)
        return super().process_message(msg, cell, cell_index)


def replace_line(cell, line, by):
    "Replace a line of a cell; return whether it has it."
    has_it = line in cell.source.splitlines()
    cell.source = cell.source.replace(line, by, 1) if has_it else cell.source
    return has_it


def quickstart(model, rows):
    "Return the quickstart without outputs, for a model that writes rows and shows them as they come."
    notebook = nbformat.read(ROOT / 'nbs/tutorials/quickstart.ipynb', 4)
    changes = {
        "model = 'local'": f'model = {model!r}',
        "cache = Cache.replay('reviews')": 'cache = None',
        GENERATE: ROWS_AS_THEY_COME.strip(),
    }
    for line, by in changes.items():
        n_found = sum(replace_line(cell, line, by) for cell in notebook.cells if cell.cell_type == 'code')
        if n_found != 1:
            raise SystemExit(f'The quickstart has {n_found} cells with the line {line!r}; tools/demo.py wants one')
    for cell in notebook.cells:
        if cell.cell_type == 'code':
            cell.source = cell.source.replace(', 40, ', f', {rows}, ')
            cell.outputs = []
            cell.execution_count = None
    return notebook


def run(notebook, folder):
    "Run the notebook in `folder`, and write it there even if it fails."
    resources = dict(metadata=dict(path=str(folder)))
    client = TalkingClient(notebook, timeout=None, kernel_name='python3', resources=resources, config=ENCRYPTED)
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(str(error))
    finally:
        nbformat.write(notebook, folder / 'demo.ipynb')


def show(df):
    "Print the first rows, and two whole texts of each label. Rows that the judge doubts are counted and explained."
    is_doubted = df.checked_label.notna() & (df.checked_label != df.label)
    sure = df[~is_doubted]
    print('\n', sure.drop(columns=['cell', 'model']).head().to_string(max_colwidth=30), '\n')
    for _, row in sure.groupby('label').head(2).iterrows():
        print(f'[{row.label}] {row.text}\n')
    if is_doubted.any():
        others = counted(int(is_doubted.sum()), 'other row')
        print(
            f'{others} kept although the judge leans to another label: it is not sure enough to replace them. '
            'Their checked_label differs from their label.\n'
        )


def show_classifier(folder):
    "Load the classifier that the notebook has saved, and print what it says of two sentences."
    classifier = Classifier.load(folder / 'demo-classifier')
    texts = ['I would watch it again and again', 'A waste of two hours']
    for text, label in zip(texts, classifier.predict(texts)):
        print(f'{classifier}: {text!r} is {label}')


def main(model='local', folder=ROOT, rows=40):
    folder = Path(folder)
    began = time.time()
    print(f'Running the quickstart with the model {model} ...', flush=True)
    run(quickstart(model, rows), folder)
    df = pd.read_csv(folder / 'demo.csv')
    show(df)
    show_classifier(folder)
    print(
        f'{len(df)} rows in demo.csv, the classifier in demo-classifier, the executed notebook in demo.ipynb; '
        f'{time.time() - began:.0f} s'
    )


if __name__ == '__main__':
    main(*sys.argv[1:4])
