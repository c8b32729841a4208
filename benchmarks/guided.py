"""How like real texts generated ones are, with and without a corpus.

    python benchmarks/guided.py DATA [--model local/small] [--sets twitter_fin,…] [--n 60] [--size 200] [--cache FILE]

DATA is the folder with the sets of `worth.py`: `NAME_train.csv.gz` with the columns text and label. A corpus is a
sample of these texts without labels; the rows are compared with 400 others. With `--cache` a run that was stopped goes
on.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
from worth import names
from worth_arms import TASKS

from syngen_nb import Cache, Task, generate, report

METRICS = ('words_mean', 'corpus_words', 'corpus_length', 'corpus_known', 'corpus_told', 'corpus_copied')


def sample(data: Path, dataset: str, size: int) -> tuple[list[str], list[str]]:
    "Return the texts of the corpus, and the others to compare with."
    texts = pd.read_csv(data / f'{dataset}_train.csv.gz')['text'].astype(str)
    corpus = texts.sample(size, random_state=0).tolist()
    others = texts[~texts.isin(corpus)].sample(400, random_state=1).tolist()
    return corpus, others


def measure(task: Task, others: list[str], args: argparse.Namespace) -> dict[str, object]:
    "Write rows, and return how like the `others` they are and what they took."
    df = generate(task, args.n, model=args.model, cache=Cache(args.cache), progress=False)
    found = report(df, corpus=others)
    facts = df.attrs['syngen']
    return {metric: round(found[metric], 3) for metric in METRICS} | dict(
        rows=len(df), dropped=facts['dropped'], requests=facts['usage']['requests'] + facts['usage']['cached']
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data', type=Path)
    parser.add_argument('--model', default='local/small')
    parser.add_argument('--sets', type=names, default=['twitter_fin'])
    parser.add_argument('--n', type=int, default=60)
    parser.add_argument('--size', type=int, default=200)
    parser.add_argument('--cache', default=':memory:')
    args = parser.parse_args()
    for dataset in args.sets:
        corpus, others = sample(args.data, dataset, args.size)
        for arm, task in dict(without=TASKS[dataset], corpus=replace(TASKS[dataset], corpus=corpus)).items():
            print(dataset, arm, measure(task, others, args), flush=True)


if __name__ == '__main__':
    main()
