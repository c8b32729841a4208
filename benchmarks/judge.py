"""Measure how often a model that checks labels is right about real texts.

    python benchmarks/judge.py FOLDER [MODEL] [SET,…]

FOLDER holds real sets, NAME_train.csv.gz with the columns text and label. The model reads 30 texts of each label,
cut to 300 characters."""

import sys
import time
from pathlib import Path

import pandas as pd
from worth_arms import TASKS

from syngen_nb import get_model, verify


def sample(folder, name, each):
    "Return `each` rows of each label of a set."
    df = pd.read_csv(Path(folder) / f'{name}_train.csv.gz')
    rows = [df[df.label == label.name].sample(each, random_state=0) for label in TASKS[name].labels]
    return pd.concat(rows).assign(text=lambda df: df.text.str[:300])


def main(folder, model='local/small', sets=None, each=30):
    model = get_model(model)
    for name in sets.split(',') if sets else TASKS:
        df = sample(folder, name, each)
        start = time.perf_counter()
        checked = verify(df, TASKS[name], model=model, cache=':memory:', progress=False)
        seconds = time.perf_counter() - start
        right = checked.label == checked.checked_label.astype(str)
        sure = checked.confidence >= checked.confidence.median()
        print(
            f'{model.name} {name}: right in {right.mean():.2f} of {len(df)} texts, '
            f'in {right[sure].mean():.2f} of the surer half; guessing gets {1 / len(TASKS[name].labels):.2f}; '
            f'{seconds / len(df):.2f} s a text',
            flush=True,
        )


if __name__ == '__main__':
    main(*sys.argv[1:])
