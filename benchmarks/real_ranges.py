"""Measure what real sets have in each line of the report.

    python benchmarks/real_ranges.py FOLDER

FOLDER holds the sets, each NAME_train.csv.gz with the columns text and label. Writes the ranges to
syngen_nb/static/real.json; the texts stay where they are."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from syngen_nb.report import real_ranges

OUT = Path(__file__).parents[1] / 'syngen_nb/static/real.json'
ENDING = '_train.csv.gz'


def rounded(table):
    "Return the table of ranges with four decimals."
    return {
        label: {
            metric: {size: [round(float(value), 4) for value in values] for size, values in by_size.items()}
            for metric, by_size in metrics.items()
        }
        for label, metrics in table.items()
    }


def as_json(table):
    "Return the table as JSON with a line for each metric, so that a diff can be read."
    blocks = []
    for label, metrics in table.items():
        lines = [f'  "{metric}": {json.dumps(by_size)}' for metric, by_size in metrics.items()]
        blocks.append(f' "{label}": {{\n' + ',\n'.join(lines) + '\n }')
    return '{\n' + ',\n'.join(blocks) + '\n}\n'


def main(folder):
    paths = sorted(Path(folder).glob(f'*{ENDING}'))
    if not paths:
        sys.exit(f'There are no *{ENDING} in {folder}')
    start = time.perf_counter()
    frames = [pd.read_csv(path, dtype=dict(text=str, label=str), keep_default_na=False) for path in paths]
    table = rounded(real_ranges(frames))
    OUT.write_text(as_json(table))
    names = ', '.join(path.name.removesuffix(ENDING) for path in paths)
    seconds = time.perf_counter() - start
    print(f'{len(paths)} sets ({names}), {seconds:.0f} s, {OUT.name}: {OUT.stat().st_size:,} bytes')
    for metric, by_size in table['all'].items():
        ranges = [f'{size}: {low:.3f}–{high:.3f}' for size, (low, high) in by_size.items()]
        print(f'{metric:20}', *ranges, sep='   ')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
