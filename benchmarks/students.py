"""Score the committed rows with better students than words: which encoder, and does checking labels still help?

    OMP_NUM_THREADS=1 python benchmarks/students.py DATA [--model local] [--seeds 0,1] [--test 400]

No text is written. The rows are those in `benchmarks/worth/`, DATA is the folder with the test sets, as for `worth.py`.
A classifier of `train` learns from each frame, once for each encoder, with C from cross-validation and with C = 10. It
is tested on the same sample of test rows. Frames with a column `confidence` are scored a second time with
`weights='confidence'`. All texts are cut to 1,000 characters, since an encoder takes long for long ones.

Vectors and predictions are kept in a file, so that a run that was stopped goes on where it was.
"""

import argparse
import hashlib
import json
import sqlite3
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import numpy as np
import pandas as pd
from worth import ROWS, names, numbers
from worth_arms import ARMS, TASKS
from worth_table import (
    DRAWS,
    MEASURE,
    OTHER_TREES,
    Rows,
    Test,
    add_real_rows,
    difference_row,
    markdown,
    read_csv,
    read_rows,
    read_tests,
)

from syngen_nb import train
from syngen_nb.classifier import DEFAULT_ENCODER
from syngen_nb.encoders import EMBEDDED
from syngen_nb.stats import scores

STUDENTS = ('tfidf', 'minilm', 'e5', 'tfidf+minilm', 'tfidf+e5')
MOST_CHARACTERS = 1000
DEFAULT_ARMS = ('METHOD', 'OURS', 'no-verification')
WEIGHTED = ' by confidence'  # The end of the name of an arm whose rows are weighted
INTRO = (
    'Made by `python benchmarks/students.py DATA` from the rows in `benchmarks/worth`, tested on {n} real rows of each '
    'set; texts are cut to 1,000 characters. C by cross-validation, with C = 10 in brackets. imdb and sms_spam: '
    'accuracy, twitter_fin: weighted F1, tweets_es: macro F1. Mean over seeds.\n'
)
DIFFERENCES = (
    '\nOURS minus each arm, points, C by cross-validation (95 % interval: paired bootstrap over test rows; in the last '
    'column with the spread between seeds):\n'
)
LABELS = '\nLabels that the model gave to real texts: right, the share of the commonest label, and which were given:\n'
STUDENT_DIFFERENCES = '\nThe default student minus each other one, trained on the same rows:\n'


# --- what is kept


class Store:
    "A file that keeps what took long: bytes by a key."

    def __init__(self, path: Path):
        self.file = sqlite3.connect(path)
        self.file.execute('create table if not exists kept (key text primary key, value blob)')

    def get(self, *key: object) -> bytes | None:
        found = self.file.execute('select value from kept where key = ?', [_digest(key)]).fetchone()
        return found[0] if found else None

    def put(self, values: dict[tuple, bytes]) -> None:
        "Keep values by their keys, in one transaction."
        rows = [(_digest(key), value) for key, value in values.items()]
        with self.file:
            self.file.executemany('insert or replace into kept values (?, ?)', rows)


def _digest(key: object) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()


def stored_encode(name: str, encode: Callable, store: Store) -> Callable[[Sequence[str]], np.ndarray]:
    "Return `encode` with a memory on disk."

    def vectors(texts: Sequence[str]) -> np.ndarray:
        found = {text: store.get('vector', name, text) for text in texts}
        new = [text for text in texts if found[text] is None]
        if new:
            found |= {text: vector.tobytes() for text, vector in zip(new, np.asarray(encode(new), dtype=np.float32))}
            store.put({('vector', name, text): found[text] for text in new})
        return np.array([np.frombuffer(found[text], dtype=np.float32) for text in texts])

    return vectors


def keep_vectors(store: Store) -> None:
    "Let the embedded encoders keep their vectors in `store`."
    for name, make in list(EMBEDDED.items()):
        made = make()
        kept = replace(made, encode=stored_encode(name, made.encode, store))
        EMBEDDED[name] = lambda kept=kept: kept


# --- scoring


def shortened(df: pd.DataFrame) -> pd.DataFrame:
    return df.assign(text=df.text.str[:MOST_CHARACTERS])


def sampled(test: Test, n: int) -> Test:
    "Return `n` rows of a test set, with draws for the bootstrap."
    rng = np.random.default_rng(0)
    n = min(n, len(test.rows))
    some = np.sort(rng.choice(len(test.rows), n, replace=False))
    draws = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS)
    return Test(shortened(test.rows.iloc[some]), test.names, test.labels[some], draws)


def predictions(
    df: pd.DataFrame, test: Test, encoder: str, C: float | None, weights: str | None, store: Store
) -> np.ndarray:
    "Return the numbers of the labels that a classifier trained on `df` gives to the test rows."
    key = ('predicted', encoder, C, weights, df.to_csv(), test.rows.to_csv())
    kept = store.get(*key)
    if kept is None:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # minilm does not know Spanish
            said = train(df, encoder, weights, C).predict(test.rows.text)
        kept = json.dumps([test.names.index(label) for label in said]).encode()
        store.put({key: kept})
    return np.array(json.loads(kept))


def outcomes_of(key: Rows, df: pd.DataFrame, test: Test, store: Store) -> list[dict]:
    "Return what each student that was trained on `df` says of the test rows."
    outcomes = []
    for weights in [None, *(['confidence'] if 'confidence' in df.columns else [])]:
        arm = key.arm + (WEIGHTED if weights else '')
        for encoder in STUDENTS:
            for C in (None, 10.0):
                said = predictions(df, test, encoder, C, weights, store)
                right, predicted = (np.array(test.names, dtype=object)[found] for found in (test.labels, said))
                score = scores(right, predicted)[MEASURE[key.dataset]]
                about = key._asdict() | dict(arm=arm)
                outcomes.append(about | dict(student=encoder, C=C or 0.0, score=score, predicted=said))
    return outcomes


# --- tables


def score_table(outcomes: pd.DataFrame) -> str:
    "Return the mean score by model, set and arm (rows) and student (columns), C = 10 in brackets."
    mean = outcomes.groupby(['model', 'arm', 'dataset', 'student', 'C']).score.mean().unstack('dataset')
    mean = mean[[dataset for dataset in TASKS if dataset in mean]]
    mean['mean'] = mean.mean(axis=1)
    long = mean.stack().rename_axis(['model', 'arm', 'student', 'C', 'set'])
    by_C = long.unstack('C')
    cells = by_C.apply(lambda row: f'{row[0.0]:.3f} ({row[10.0]:.3f})', axis=1).unstack('student')[list(STUDENTS)]
    sets, arms = [*TASKS, 'mean'], [*ARMS, *(arm + WEIGHTED for arm in ARMS), 'real']
    order = sorted(cells.index, key=lambda row: (row[0], sets.index(row[2]), arms.index(row[1])))
    cells = cells.reindex(order).reset_index()[['model', 'set', 'arm', *STUDENTS]]
    return markdown(cells.set_index('model'))


def as_table(rows: dict[tuple, dict[str, str]], names: list[str], tests: dict[str, Test]) -> str:
    "Return differences as Markdown."
    table = pd.DataFrame(rows).T.rename_axis(names)
    table = table.sort_index(level=[0, 1], sort_remaining=False)
    return markdown(table[[*(name for name in tests if name in table), 'mean', OTHER_TREES]])


def difference_table(outcomes: pd.DataFrame, tests: dict[str, Test]) -> str:
    "Return OURS minus each other arm with each student."
    rows = {}
    for (model, student), part in outcomes[outcomes.C == 0].groupby(['model', 'student'], sort=False):
        keys = part[['dataset', 'seed', 'arm']].itertuples(index=False, name=None)
        predicted = dict(zip(keys, part.predicted))
        for arm in sorted(set(part.arm) - {'OURS', 'real'}):
            row = difference_row(predicted, arm, tests)
            if row:
                rows[model, f'OURS minus {arm}', student] = row
    return as_table(rows, ['model', 'difference', 'student'], tests)


def student_table(outcomes: pd.DataFrame, tests: dict[str, Test]) -> str:
    "Return the default student minus each other one, with the rows of each arm."
    rows = {}
    for (model, arm), part in outcomes[outcomes.C == 0].groupby(['model', 'arm'], sort=False):
        called = part.student.replace(DEFAULT_ENCODER, 'OURS')  # What `difference_row` takes differences from
        predicted = dict(zip(zip(part.dataset, part.seed, called), part.predicted))
        for student in STUDENTS:
            row = difference_row(predicted, student, tests) if student != DEFAULT_ENCODER else None
            if row:
                rows[model, arm, f'{DEFAULT_ENCODER} minus {student}'] = row
    return as_table(rows, ['model', 'arm', 'difference'], tests)


def label_table(frames: dict[Rows, pd.DataFrame], data: Path) -> str:
    "Return how often the labels of annotated texts are right, how often the commonest would be, and which were said."
    rows = {}
    for key, df in frames.items():
        if 'row' in df:
            right = read_csv(data, f'{key.dataset}_train').label.loc[df.row].to_numpy()
            said = df.label.value_counts().to_dict()
            commonest = pd.Series(right).value_counts(normalize=True).max()
            words = ', '.join(f'{label} {said.get(label, 0)}' for label in sorted(set(right)))
            rows[key.model, key.dataset, key.arm, key.seed] = dict(
                right=f'{(df.label == right).mean():.3f}', commonest=f'{commonest:.3f}', said=words
            )
    return markdown(pd.DataFrame(rows).T.rename_axis(['model', 'set', 'arm', 'seed'])) if rows else '(none)'


def page(outcomes: pd.DataFrame, tests: dict[str, Test], n: int) -> str:
    "Return the tables as Markdown."
    parts = [
        INTRO.format(n=n),
        score_table(outcomes),
        DIFFERENCES,
        difference_table(outcomes, tests),
        STUDENT_DIFFERENCES,
        student_table(outcomes, tests),
    ]
    return '\n'.join(parts)


def wanted(args: argparse.Namespace) -> dict[Rows, pd.DataFrame]:
    "Return the frames to score, and real rows."
    frames = read_rows(ROWS, Path(args.data))
    kept = {
        key: df
        for key, df in frames.items()
        if key.model == args.model and key.arm in args.arms and (args.seeds is None or key.seed in args.seeds)
    }
    add_real_rows(kept, Path(args.data))
    return {key: shortened(df) for key, df in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data')
    parser.add_argument('--model', default='local', help='whose rows: local or local-small')
    parser.add_argument('--arms', type=names, default=DEFAULT_ARMS)
    parser.add_argument('--seeds', type=numbers, help='by default all that there are')
    parser.add_argument('--test', type=int, default=400, help='test rows of each set')
    parser.add_argument('--store', default=Path(gettempdir()) / 'syngen_students.sqlite', help='what is kept')
    args = parser.parse_args()
    store = Store(Path(args.store))
    keep_vectors(store)
    tests = {dataset: sampled(test, args.test) for dataset, test in read_tests(Path(args.data)).items()}
    outcomes = []
    frames = wanted(args)
    for key, df in frames.items():
        outcomes += outcomes_of(key, df, tests[key.dataset], store)
        done = {f'{o["student"]} C={o["C"]:g}': round(o['score'], 3) for o in outcomes[-2 * len(STUDENTS) :]}
        print(*key, done, file=sys.stderr, flush=True)
    print(page(pd.DataFrame(outcomes), tests, args.test))
    print(LABELS)
    print(label_table(frames, Path(args.data)))


if __name__ == '__main__':
    main()
