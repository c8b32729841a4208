"""Seconds that a report on 10,000 texts takes, its page with plots included (10 are wanted on two cores).

    python benchmarks/report.py FOLDER

FOLDER holds real sets, NAME.csv.gz and NAME_train.csv.gz with the columns text and label: imdb for long texts,
twitter_fin and tweets_es for short ones. Prints wall time, and processor time: the two are about equal on an idle
machine."""

import sys
import time
from importlib import import_module
from pathlib import Path

import pandas as pd

ROWS = 10_000
AIM = 10  # Seconds
SETS = [('imdb',), ('twitter_fin', 'tweets_es')]
IMPORTED_LATER = ['sklearn.linear_model', 'sklearn.model_selection', 'matplotlib.figure']


class Stopwatch:
    "Seconds since it was made, by the clock and of the processor."

    def __init__(self):
        self.wall_start = time.perf_counter()
        self.cpu_start = time.process_time()

    @property
    def wall(self) -> float:
        return time.perf_counter() - self.wall_start

    @property
    def cpu(self) -> float:
        return time.process_time() - self.cpu_start


def load(folder: str, *names: str) -> pd.DataFrame:
    "Return the test and training rows of some sets, up to ROWS."
    paths = [Path(folder) / f'{name}{part}.csv.gz' for name in names for part in ('', '_train')]
    parts = [pd.read_csv(path, dtype=dict(text=str, label=str), keep_default_na=False) for path in paths]
    return pd.concat(parts, ignore_index=True).head(ROWS)


def main(folder: str) -> None:
    watch = Stopwatch()
    from syngen_nb.report import report

    for module in IMPORTED_LATER:
        import_module(module)
    print(f'imports: {watch.wall:.1f} s, processor {watch.cpu:.1f} s')
    for names in SETS:
        df = load(folder, *names)
        watch = Stopwatch()
        found = report(df)
        measured = watch.wall
        page = found.to_html()
        wall, cpu = watch.wall, watch.cpu
        print(
            f'{" and ".join(names):24} {len(df):,} texts of {found["words_mean"]:.0f} words: {wall:.1f} s, '
            f'of which {wall - measured:.1f} s for the page ({len(page) / 1e3:.0f} KB); processor {cpu:.1f} s; '
            f'{"reached" if wall <= AIM else "MISSED"}: {AIM} s'
        )


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
