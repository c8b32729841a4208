"""What real sets have, for the report: ranges of each metric over real training sets.

    python benchmarks/real_ranges.py FOLDER

FOLDER holds the sets, each NAME_train.csv.gz with the columns text and label. Writes syngen_nb/static/real.json, ranges
only; the texts stay where they are."""

import json
import sys
import time
from pathlib import Path

import pandas as pd

from syngen_nb.report import Ranges, real_ranges

OUT = Path(__file__).parents[1] / 'syngen_nb/static/real.json'


def rounded(ranges: Ranges) -> Ranges:
    "Return ranges with four digits after the point."
    out: Ranges = {}
    for part, metrics in ranges.items():
        out[part] = {}
        for metric, by_size in metrics.items():
            out[part][metric] = {n: [round(float(value), 4) for value in ends] for n, ends in by_size.items()}
    return out


def as_json(ranges: Ranges) -> str:
    "Return ranges as JSON, with a line for each metric, to be read in a diff."
    parts = []
    for part, metrics in ranges.items():
        lines = ',\n'.join(f'  "{metric}": {json.dumps(by_size)}' for metric, by_size in metrics.items())
        parts.append(f' "{part}": {{\n{lines}\n }}')
    return '{\n' + ',\n'.join(parts) + '\n}\n'


def main(folder: str) -> None:
    paths = sorted(Path(folder).glob('*_train.csv.gz'))
    if not paths:
        sys.exit(f'There are no *_train.csv.gz in {folder}')
    start = time.perf_counter()
    frames = [pd.read_csv(path, dtype=dict(text=str, label=str), keep_default_na=False) for path in paths]
    ranges = rounded(real_ranges(frames))
    OUT.write_text(as_json(ranges))
    names = ', '.join(path.name.removesuffix('_train.csv.gz') for path in paths)
    seconds = time.perf_counter() - start
    print(f'{len(paths)} sets ({names}), {seconds:.0f} s, {OUT.name}: {OUT.stat().st_size:,} bytes')
    for metric, by_size in ranges['all'].items():
        shown = [f'{n}: {low:.3f}–{high:.3f}' for n, (low, high) in by_size.items()]
        print(f'{metric:20}', *shown, sep='   ')


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
