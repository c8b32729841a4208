"""What real sets have, for the report: ranges of each metric over real training sets.

    python benchmarks/real_ranges.py FOLDER

FOLDER holds the sets, each NAME_train.csv.gz with the columns text and label. Writes syngen_nb/static/real.json, ranges only;
the texts stay where they are."""
import json, sys, time
from pathlib import Path

import pandas as pd
from syngen_nb.report import real_ranges

def main(folder):
    paths = sorted(Path(folder).glob('*_train.csv.gz'))
    if not paths: sys.exit(f'There are no *_train.csv.gz in {folder}')
    t = time.perf_counter()
    table = real_ranges([pd.read_csv(p, dtype=dict(text=str, label=str), keep_default_na=False) for p in paths])
    table = {of: {k: {n: [round(float(v), 4) for v in r] for n,r in by.items()} for k,by in m.items()} for of,m in table.items()}
    out = Path(__file__).parents[1]/'syngen_nb/static/real.json'
    metrics = lambda m: ',\n'.join(f'  "{k}": {json.dumps(by)}' for k,by in m.items())  # a line each, to be read in a diff
    lines = [f' "{of}": {{\n{metrics(m)}\n }}' for of,m in table.items()]
    out.write_text('{\n'+',\n'.join(lines)+'\n}\n')
    names = ', '.join(p.name.removesuffix('_train.csv.gz') for p in paths)
    print(f"{len(paths)} sets ({names}), {time.perf_counter()-t:.0f} s, {out.name}: {out.stat().st_size:,} bytes")
    for k,by in table['all'].items(): print(f'{k:20}', *(f'{n}: {a:.3f}–{b:.3f}' for n,(a,b) in by.items()), sep='   ')

if __name__=='__main__': main(*sys.argv[1:]) if len(sys.argv)==2 else sys.exit(__doc__)
