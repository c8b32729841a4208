"""Seconds that a report on 10,000 texts takes, its page with plots included (10 are wanted on two cores).

    python benchmarks/report.py FOLDER

FOLDER holds real sets, NAME.csv.gz and NAME_train.csv.gz with the columns text and label: imdb for long texts, twitter_fin and tweets_es
for short ones. Wall time, and the time that the processor worked, which is what wall time comes to on an idle machine."""
import sys, time
from pathlib import Path

import pandas as pd

N,AIM = 10_000,10

def load(folder, *names):
    "Test and training rows of some sets, up to N"
    parts = [pd.read_csv(Path(folder)/f'{n}{o}.csv.gz', dtype=dict(text=str, label=str), keep_default_na=False) for n in names for o in ('', '_train')]
    return pd.concat(parts, ignore_index=True).head(N)

def main(folder):
    wall,cpu = time.perf_counter(),time.process_time()
    from syngen_nb.report import report
    import sklearn.linear_model, sklearn.model_selection, matplotlib.figure
    print(f'imports: {time.perf_counter()-wall:.1f} s, processor {time.process_time()-cpu:.1f} s')
    for names in (('imdb',), ('twitter_fin', 'tweets_es')):
        df = load(folder, *names)
        wall,cpu = time.perf_counter(),time.process_time()
        r = report(df)
        made = time.perf_counter()-wall
        page = r.to_html()
        wall,cpu = time.perf_counter()-wall,time.process_time()-cpu
        print(f"{' and '.join(names):24} {len(df):,} texts of {r['words_mean']:.0f} words: {wall:.1f} s, of which {wall-made:.1f} s for the page ({len(page)/1e3:.0f} KB); "
            f"processor {cpu:.1f} s; {'reached' if wall<=AIM else 'MISSED'}: {AIM} s")

if __name__=='__main__': main(*sys.argv[1:]) if len(sys.argv)==2 else sys.exit(__doc__)
