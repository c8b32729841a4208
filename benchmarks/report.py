"""Measure the seconds that a report on 10,000 texts takes, its page with plots included. Wanted: 10 on two cores.

    python benchmarks/report.py FOLDER

FOLDER holds real sets, NAME.csv.gz and NAME_train.csv.gz with the columns text and label: imdb for long texts,
twitter_fin and tweets_es for short ones. Prints wall time and processor time; on an idle machine wall time comes to
the latter."""

import sys
import time
from pathlib import Path

import pandas as pd

ROWS = 10_000
AIM = 10  # Seconds
SETS = (('imdb',), ('twitter_fin', 'tweets_es'))


class Clock:
    "Seconds since it was made: wall time and processor time."

    def __init__(self):
        self.start_wall = time.perf_counter()
        self.start_cpu = time.process_time()

    def wall(self):
        return time.perf_counter() - self.start_wall

    def cpu(self):
        return time.process_time() - self.start_cpu


def load(folder, *names):
    "Return the test and training rows of some sets, `ROWS` at most."
    paths = [Path(folder) / f'{name}{part}.csv.gz' for name in names for part in ('', '_train')]
    frames = [pd.read_csv(path, dtype=dict(text=str, label=str), keep_default_na=False) for path in paths]
    return pd.concat(frames, ignore_index=True).head(ROWS)


def import_all():
    "Import the report and what it imports when it is first used, so that only the work is timed."
    import matplotlib.figure  # noqa: F401
    import sklearn.linear_model
    import sklearn.model_selection  # noqa: F401

    from syngen_nb.report import report

    return report


def main(folder):
    clock = Clock()
    report = import_all()
    print(f'imports: {clock.wall():.1f} s, processor {clock.cpu():.1f} s')
    for names in SETS:
        df = load(folder, *names)
        clock = Clock()
        made = report(df)
        seconds_made = clock.wall()
        page = made.to_html()
        wall = clock.wall()
        cpu = clock.cpu()
        verdict = 'reached' if wall <= AIM else 'MISSED'
        print(
            f'{" and ".join(names):24} {len(df):,} texts of {made["words_mean"]:.0f} words: {wall:.1f} s, of which '
            f'{wall - seconds_made:.1f} s for the page ({len(page) / 1e3:.0f} KB); processor {cpu:.1f} s; '
            f'{verdict}: {AIM} s'
        )


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
