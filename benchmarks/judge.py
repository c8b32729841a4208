"""How often a model that checks labels is right about real texts.

    python benchmarks/judge.py FOLDER [MODEL] [SET,…]

FOLDER holds real sets, NAME_train.csv.gz with the columns text and label. 30 texts of each label, cut to 300 characters."""
import sys, time
from pathlib import Path

import pandas as pd
from syngen_nb import get_model, verify
from worth import TASKS

def main(folder, model='local/small', sets=','.join(TASKS), n=30):
    model = get_model(model)
    for name in sets.split(','):
        task, d = TASKS[name], pd.read_csv(Path(folder)/f'{name}_train.csv.gz')
        d = pd.concat([d[d.label == o.name].sample(n, random_state=0) for o in task.labels])
        t = time.perf_counter()
        r = verify(d.assign(text=d.text.str[:300]), task, model=model, cache=':memory:', progress=False)
        ok, sure = r.label == r.checked_label.astype(str), r.confidence >= r.confidence.median()
        print(f'{model.name} {name}: right in {ok.mean():.2f} of {len(d)} texts, in {ok[sure].mean():.2f} of the surer half; guessing gets {1/len(task.labels):.2f}; {(time.perf_counter()-t)/len(d):.2f} s a text', flush=True)

if __name__ == '__main__': main(*sys.argv[1:])
