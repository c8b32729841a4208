"""What generated rows are worth: train on them, test on real rows.

    python benchmarks/worth.py run DATA [--model local/small] [--n 300] [--sets imdb,…] [--arms OURS,…] [--seeds 0,1,2]
    python benchmarks/worth.py table DATA

`run` writes the rows of each arm (hours on two cores), `table` scores them. DATA is the folder with the test sets
(`imdb.csv.gz` and so on: columns text, label). The rows are kept in `benchmarks/worth/`, so the table can be made again
without a model, and a run that was stopped goes on where it was. Answers are cached too (`SYNGEN_WORTH_CACHE`, by
default `worth.sqlite` beside the rows; not committed). Test rows are for scoring only. Some arms see real training
texts (`imdb_train.csv.gz` and so on). Where a model labelled these, the file has the number of the row in place of the
text.

The arms are in `worth_arms.py`, the scores in `worth_table.py`.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

from worth_arms import ARMS, TASKS, write_rows
from worth_table import read_csv

from syngen_nb import Cache, Model, get_model

ROWS = Path(__file__).parent / 'worth'
COLUMNS = ['text', 'label', 'source_type', 'topic', 'subtopic', 'confidence']  # The last one if a judge read them
REAL_COLUMNS = ['row', 'label', 'confidence']  # Real texts stay out of this repository


def rows_path(model: str, dataset: str, arm: str, n: int, seed: int) -> Path:
    "Return the file for the rows of one arm."
    return ROWS / f'{model.replace("/", "-")}_{dataset}_{arm}_{n}_{seed}.csv.xz'


def write_arm(args: argparse.Namespace, model: Model, cache: Cache, dataset: str, arm: str, seed: int) -> None:
    "Write the rows of one arm, unless they are there, and print what they took."
    path = rows_path(args.model, dataset, arm, args.n, seed)
    if path.exists():
        return
    began = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        real = read_csv(Path(args.data), f'{dataset}_train') if ARMS[arm].needs_real else None
        df = write_rows(arm, TASKS[dataset], args.n, model, cache, seed, real)
    columns = REAL_COLUMNS if 'row' in df else [column for column in COLUMNS if column in df]
    df[columns].to_csv(path, index=False)
    facts = df.attrs['syngen']
    usage = facts['usage']
    print(
        f'{args.model} {dataset} {arm} seed {seed}: {len(df)} rows, {usage["requests"]} requests, '
        f'{usage["tokens_out"]} tokens out, {time.perf_counter() - began:.0f} s; dropped {facts.get("dropped")}',
        *(str(warning.message)[:150] for warning in caught),
        flush=True,
    )


def run(args: argparse.Namespace) -> None:
    "Write the rows of all arms that were asked for."
    model = get_model(args.model)
    cache = Cache(os.environ.get('SYNGEN_WORTH_CACHE', ROWS / 'worth.sqlite'))
    ROWS.mkdir(exist_ok=True)
    for seed in args.seeds:
        for dataset in args.sets:
            for arm in args.arms:
                write_arm(args, model, cache, dataset, arm, seed)


def table(args: argparse.Namespace) -> None:
    "Score the rows and write `worth/README.md`."
    from worth_table import page

    text = page(ROWS, Path(args.data))
    (ROWS / 'README.md').write_text('# What generated rows are worth\n\n' + text, encoding='utf-8')
    print(text)


def names(text: str) -> list[str]:
    return text.split(',')


def numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(',')]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['run', 'table'])
    parser.add_argument('data')
    parser.add_argument('--model', default='local/small')
    parser.add_argument('--n', type=int, default=300)
    parser.add_argument('--sets', type=names, default=list(TASKS))
    parser.add_argument('--arms', type=names, default=list(ARMS))
    parser.add_argument('--seeds', type=numbers, default=[0, 1, 2])
    args = parser.parse_args()
    if args.what == 'run':
        run(args)
    else:
        table(args)


if __name__ == '__main__':
    main()
