"""Write a million rows of 200 characters with a model in this process, and take them in batches.

It prints a line a minute: the rows so far, the seconds of the processor, the memory beyond the imports, and what a
look at the progress and at the frame costs. In the end the rows go to the parts of a Parquet data set.

`python benchmarks/million.py` takes some minutes on a quiet machine, and 2 GB of disk;
`python benchmarks/million.py 20000` some seconds."""

import sys
import tempfile
import time
from pathlib import Path

from growth import peak
from own import Own

ROWS = 1_000_000
LABELS = 4
MOST_BYTES = 3_000  # A row, beyond its text


def seconds_of(function):
    "Return what a call of `function` returns, and the seconds of the processor that it took on this thread."
    began = time.thread_time()
    found = function()
    return found, time.thread_time() - began


def look(run, began, before):
    "Print how far `run` is, and what a look at it costs."
    _, for_progress = seconds_of(run.progress)
    seconds_of(lambda: run.frame)  # The first look at many new texts
    frame, for_frame = seconds_of(lambda: run.frame)
    print(
        f'million: {len(frame):,} rows, {time.process_time() - began:,.0f} s, {peak() - before:,.0f} MiB; '
        f'progress {1000 * for_progress:.1f} ms, frame {1000 * for_frame:.0f} ms',
        flush=True,
    )


def watch(run, began, before):
    "Look at `run` once a minute until it ends, and then once more."
    looked_at = 0.0
    while not run.done:
        time.sleep(1)
        if time.monotonic() - looked_at > 60:
            looked_at = time.monotonic()
            look(run, began, before)
    look(run, began, before)


def main(n_rows):
    import pandas as pd

    from syngen_nb import Task, start, to_parquet
    from syngen_nb.filters import other_language

    other_language('Ein Satz, der lang genug ist', 'English')  # Loads the detector
    task = Task('Sort notes by what they are about', [f'Shelf {i}' for i in range(LABELS)])
    with tempfile.TemporaryDirectory() as folder:
        before = peak()
        began, wall = time.process_time(), time.monotonic()
        run = start(task, n_rows, model=Own(29), cache=Path(folder) / 'c.sqlite', verify=False)
        watch(run, began, before)
        to_parquet(run.batches(100_000), Path(folder) / 'rows')
        seconds, wall = time.process_time() - began, time.monotonic() - wall
        used = peak() - before
        cache = (Path(folder) / 'c.sqlite').stat().st_size
        n_chars = n_written = 0
        for part in sorted((Path(folder) / 'rows').iterdir()):
            texts = pd.read_parquet(part, columns=['text'])['text']
            n_written += len(texts)
            n_chars += int(texts.str.len().sum())
    assert n_written == n_rows
    beyond = used * 2**20 / n_rows - n_chars / n_rows
    print(
        f'million: {n_rows:,} rows of {n_chars / n_rows:.0f} characters in {wall:,.0f} s, {seconds:,.0f} s of the '
        f'processor, {1000 * seconds / n_rows:.2f} ms a row; peak {used:,.0f} MiB, {beyond:,.0f} bytes a row beyond '
        f'the text, ratio to {MOST_BYTES:,} {beyond / MOST_BYTES:.2f} (wanted: below 1); cache {cache / 2**20:,.0f} MiB'
    )


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
