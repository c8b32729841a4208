"""How often the filter for label names rejects texts of a topical task, and what the best single word tells.

`python benchmarks/label_names.py write FILE [MODEL [SEED]]` writes 60 texts without any filter, by default with the
small embedded model;
`python benchmarks/label_names.py measure FILE` compares what each rule would keep.
`python benchmarks/label_names.py real DATA` counts real texts that each rule rejects."""

import sys
from pathlib import Path

import pandas as pd

from syngen_nb import Cache, Task, generate
from syngen_nb.filters import gives_label_away, names_label
from syngen_nb.metrics import measure

TOPICS = Task('Classify a news text by its topic', ['politics', 'sport', 'economy', 'technology', 'health'])
SETS = ('imdb', 'twitter_fin', 'sms_spam', 'tweets_es')


def write(path, model='local/small', seed=0):
    "Write texts that no filter has seen."
    counts = dict(n_source_type=2, n_topic=3, n_subtopic=1, sample_per_subtopic=2)
    options = dict(filters=False, verify=False, model=model, seed=int(seed), cache=Cache(path.with_suffix('.sqlite')))
    generate(TOPICS, **counts, **options).to_csv(path, index=False)


def rows_of(name, df):
    "Print how many texts of `df` each rule rejects."
    for rule in (names_label, gives_label_away):
        rejected = df.apply(lambda row: rule(row.text, row.label), axis=1)
        kept = measure(df[~rejected])
        best = kept.best_word or dict(word='–', accuracy=float('nan'))
        share = f'rejects {rejected.mean():.1%} of {len(df):,}'
        word = f'best single word of the others {best["word"]!r}: {best["accuracy"]:.3f}'
        print(f'{name:12} {rule.__name__:18} {share}; {word} (baseline {kept.baseline:.3f})')


def main(what, path, *how):
    if what == 'write':
        write(path, *how)
    elif what == 'measure':
        rows_of('topics', pd.read_csv(path))
    else:
        for name in SETS:
            rows_of(name, pd.read_csv(path / f'{name}.csv.gz'))


if __name__ == '__main__':
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
