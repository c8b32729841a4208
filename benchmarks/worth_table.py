"""Score the rows that `worth.py run` wrote.

A logistic regression is trained on the rows of each arm and tested on real rows. The page compares the arms in three
ways: with TF-IDF, with sentence embeddings, and with TF-IDF on equally many words.
"""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from worth_arms import ARMS, TASKS

MEASURE = dict(imdb='accuracy', twitter_fin='weighted_f1', sms_spam='accuracy', tweets_es='macro_f1')
EMBED = ('imdb', 'twitter_fin', 'sms_spam')  # The sets in the language of the embedding model
DRAWS = 300  # Of the bootstrap
HEALTH = dict(  # Line of the report: its heading and format
    names_label=('label name', '{:.1%}'),
    model_talk=('refusals', '{:.1%}'),
    openings=('top 10 openings', '{:.1%}'),
    length_ratio=('longest / shortest label', '{:.2f}'),
    best_word=('best single word', '{:.2f}'),
    near_dup=('near-duplicates', '{:.1%}'),
    words_mean=('words a text', '{:.0f}'),
)
INTRO = (
    'Made by `python benchmarks/worth.py table DATA` from the rows in this folder. '
    'A logistic regression on TF-IDF, trained on generated rows only, tested on real ones; '
    'imdb and sms_spam: accuracy, twitter_fin: weighted F1, tweets_es: macro F1. '
    'Mean over seeds (their number in brackets). *real*: as many real rows instead.\n'
)
EMBEDDED = '\nThe same with sentence embeddings (all-MiniLM-L6-v2, for English) in place of TF-IDF:\n'
EQUAL_WORDS = '\nThe same with TF-IDF, cut to as many words as the arm with the fewest:\n'
DIFFERENCES = (
    '\nOURS minus each arm, points, 95 % interval (paired bootstrap over test rows, 300 draws; the same seeds of '
    'both). The last column adds what another draw of trees and texts would change, by the spread between seeds '
    "(Student's t):\n"
)
READ = (
    'Rows of OURS read without their label (`benchmarks/worth/read.csv`): as one of the labels, or as neither. '
    '95 % intervals by Wilson.\n'
)
OTHER_TREES = 'mean, for other trees too'


class Rows(NamedTuple):
    "Whose rows they are."

    model: str
    n: int
    dataset: str
    seed: int
    arm: str  # One of `ARMS`, or 'real'


class Outcome(NamedTuple):
    "What a classifier trained on rows says of the test rows."

    model: str
    n: int
    dataset: str
    seed: int
    arm: str
    kind: str  # 'rows' and 'embed', or 'tokens': TF-IDF at equal words
    score: float
    predicted: np.ndarray  # Numbers of labels


class Test(NamedTuple):
    "A real test set."

    rows: pd.DataFrame
    names: list[str]  # The labels, sorted
    labels: np.ndarray  # Numbers of labels
    draws: np.ndarray  # Bootstrap: how often each row is drawn


# --- reading


def read_rows(folder: Path, data: Path) -> dict[Rows, pd.DataFrame]:
    "Return the rows of all arms; `data` has the texts of those that were labelled."
    frames = {}
    for path in sorted(folder.glob('*.csv.xz')):
        head, arm, n, seed = path.name.removesuffix('.csv.xz').rsplit('_', 3)
        model, dataset = head.split('_', 1)
        df = pd.read_csv(path)
        if 'row' in df:
            df['text'] = read_csv(data, f'{dataset}_train').text.loc[df.row].to_numpy()
        frames[Rows(model, int(n), dataset, int(seed), arm)] = df
    return frames


def read_csv(data: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(data / f'{name}.csv.gz').dropna()


def add_real_rows(frames: dict[Rows, pd.DataFrame], data: Path) -> None:
    "Add as many real rows as each run has."
    for key in list(frames):
        real = key._replace(arm='real')
        if real not in frames:
            frames[real] = read_csv(data, f'{key.dataset}_train').sample(key.n, random_state=key.seed)


def read_tests(data: Path) -> dict[str, Test]:
    "Return the test set of each task."
    rng = np.random.default_rng(0)
    tests = {}
    for dataset in TASKS:
        rows = read_csv(data, dataset)
        n = len(rows)
        names = sorted(set(rows.label))
        labels = np.array([names.index(label) for label in rows.label])
        tests[dataset] = Test(rows, names, labels, rng.multinomial(n, np.full(n, 1 / n), size=DRAWS))
    return tests


# --- scoring


def word_counts(df: pd.DataFrame) -> pd.Series:
    return df.text.str.split().str.len()


def cut_to_words(df: pd.DataFrame, most: int) -> pd.DataFrame:
    "Return rows of `df` with about `most` words in all, taking the labels in turn."
    turn = df.groupby('label', observed=True).cumcount()
    shuffled = df.assign(n=word_counts(df), turn=turn).sample(frac=1, random_state=0)
    df = shuffled.sort_values('turn', kind='stable')
    return df[df.n.cumsum() <= max(most, df.n.head(20).sum())]


def fewest_words(frames: dict[Rows, pd.DataFrame], key: Rows) -> int:
    "Return the words of the arm with the fewest, among those that belong to the same run."
    arms = [df for other, df in frames.items() if other[:4] == key[:4] and other.arm != 'real']
    return min(word_counts(df).sum() for df in arms)


def train(df: pd.DataFrame, test: Test, key: Rows, kinds: dict[str, str]) -> list[Outcome]:
    "Train on `df`; `kinds` says for each classifier, 'tfidf' or 'embed', how its outcome is called."
    from syngen_nb.evaluate import evaluate

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        result = evaluate(df, test.rows, embed='embed' in kinds, curve=False, C=10)
    outcomes = []
    for classifier, kind in kinds.items():
        if classifier in result.predicted:
            score = result.baselines.loc[classifier, MEASURE[key.dataset]]
            predicted = np.array([test.names.index(label) for label in result.predicted[classifier]])
            outcomes.append(Outcome(*key, kind, score, predicted))
    return outcomes


def score_dataset(frames: dict[Rows, pd.DataFrame], test: Test) -> list[Outcome]:
    "Return the outcomes of all arms of one set."
    outcomes = []
    for key, df in frames.items():
        kinds = dict(tfidf='rows', embed='embed') if key.dataset in EMBED else dict(tfidf='rows')
        outcomes += train(df, test, key, kinds)
        if key.arm != 'real':
            outcomes += train(cut_to_words(df, fewest_words(frames, key)), test, key, dict(tfidf='tokens'))
    return outcomes


def score_all(frames: dict[Rows, pd.DataFrame], tests: dict[str, Test]) -> pd.DataFrame:
    "Return the outcomes of all sets, a row each."
    from joblib import Parallel, delayed

    jobs = []
    for dataset, test in tests.items():
        its_own = {key: df for key, df in frames.items() if key.dataset == dataset}
        jobs.append(delayed(score_dataset)(its_own, test))
    outcomes = [outcome for found in Parallel(-1)(jobs) for outcome in found]
    return pd.DataFrame(outcomes, columns=Outcome._fields)


def health(df: pd.DataFrame) -> pd.Series:
    "Return some lines of the report."
    from syngen_nb import report

    lines = report(df).to_frame()
    overall = lines[lines.label == ''].set_index('metric')
    return overall.value[list(HEALTH)].astype(float)


# --- tables


def markdown(df: pd.DataFrame, form: str = '{}') -> str:
    "Return `df` as a Markdown table, numbers in the format `form`."

    def cell(value):
        if pd.isna(value):
            return '–'
        return value if isinstance(value, str) else form.format(value)

    df = df.map(cell).reset_index()
    rows = [df.columns, *df.itertuples(index=False)]
    head, *body = ['| ' + ' | '.join(map(str, row)) + ' |' for row in rows]
    return '\n'.join([head, '|' + '---|' * len(df.columns), *body])


def in_order(df: pd.DataFrame) -> pd.DataFrame:
    "Return `df` with the arms in their usual order."
    return df.reindex([arm for arm in (*ARMS, 'real') if arm in df.index])


def score_table(outcomes: pd.DataFrame) -> str:
    "Return the mean score of each arm and set, with the number of seeds."
    by_arm = outcomes.groupby(['arm', 'dataset']).score
    mean = by_arm.mean().unstack()
    count = by_arm.count().unstack()
    datasets = [dataset for dataset in TASKS if dataset in mean]
    known = mean[datasets].notna()
    table = mean[datasets].map('{:.3f}'.format).where(known) + ' (' + count[datasets].map('{:.0f}'.format) + ')'
    table['mean'] = mean[datasets].mean(axis=1, skipna=False)
    return markdown(in_order(table), '{:.3f}')


def health_table(lines: pd.DataFrame) -> str:
    "Return the mean of each line of the report by arm."
    mean = lines.groupby('arm').mean()
    table = pd.DataFrame({heading: mean[line].map(form.format) for line, (heading, form) in HEALTH.items()})
    return markdown(in_order(table))


# --- differences


def interval(difference: float, low: float, high: float) -> str:
    return f'{100 * difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]'


def bootstrap_interval(difference: float, draws: np.ndarray) -> str:
    return interval(difference, *np.quantile(draws, [0.025, 0.975]))


def wider_interval(seeds: list[np.ndarray], draws: np.ndarray) -> str:
    """Return the mean over sets with an interval that also holds for other trees and texts.

    It is Student's t, with two variances added: that between `seeds`, an array a set, pooled over sets, and that over
    test rows, from the `draws` of the bootstrap.
    """
    from scipy.stats import t

    counts = np.array([len(scores) for scores in seeds])
    degrees = (counts - 1).sum()
    if not degrees:
        return '–'
    mean = np.mean([scores.mean() for scores in seeds])
    between = sum(((scores - scores.mean()) ** 2).sum() for scores in seeds) / degrees
    variance = (between / counts).sum() / len(counts) ** 2 + draws.var()
    half = t.ppf(0.975, degrees) * np.sqrt(variance)
    return interval(mean, mean - half, mean + half)


def difference_row(predicted: dict[tuple, np.ndarray], arm: str, tests: dict[str, Test]) -> dict[str, str] | None:
    """Return OURS minus `arm` for each set and in the mean, or None if they have no seed in common.

    `predicted` has the predictions by set, seed and arm.
    """
    from syngen_nb.stats import scores_by_draw

    row, seeds, draws = {}, [], []
    for dataset, test in tests.items():

        def score(which, seed, counts, dataset=dataset, test=test):
            said = predicted[dataset, seed, which]
            return scores_by_draw(counts, test.labels, said, len(test.names))[MEASURE[dataset]]

        def difference(seed, counts, score=score):
            return score('OURS', seed, counts) - score(arm, seed, counts)

        both = [s for d, s, a in predicted if d == dataset and a == arm and (d, s, 'OURS') in predicted]
        if not both:
            continue
        once = np.ones(len(test.labels))
        of_seeds = np.array([difference(seed, once)[0] for seed in both])
        of_draws = np.mean([difference(seed, test.draws) for seed in both], axis=0)
        row[dataset] = bootstrap_interval(of_seeds.mean(), of_draws)
        seeds.append(of_seeds)
        draws.append(of_draws)
    if not row:
        return None
    overall = np.mean(draws, axis=0)
    row['mean'] = bootstrap_interval(np.mean([scores.mean() for scores in seeds]), overall)
    row[OTHER_TREES] = wider_interval(seeds, overall)
    return row


def difference_table(outcomes: pd.DataFrame, tests: dict[str, Test]) -> str:
    "Return OURS minus each arm, for outcomes of one kind."
    keys = outcomes[['dataset', 'seed', 'arm']].itertuples(index=False, name=None)
    predicted = dict(zip(keys, outcomes.predicted))
    rows = {}
    for arm in ARMS:
        row = difference_row(predicted, arm, tests) if arm != 'OURS' else None
        if row:
            rows[arm] = row
    if not rows:
        return '(nothing to compare yet)'
    present = set(outcomes.dataset)
    columns = [*(dataset for dataset in TASKS if dataset in present), 'mean', OTHER_TREES]
    return markdown(in_order(pd.DataFrame(rows).T.reindex(columns=columns).rename_axis('OURS minus')))


# --- the page


def share(hits: pd.Series) -> str:
    "Return the share of `hits` with its interval."
    from syngen_nb.stats import wilson

    k, n = hits.sum(), len(hits)
    low, high = wilson(k, n)
    return f'{k} of {n}: {hits.mean():.2f} [{low:.2f}, {high:.2f}]'


def reading_table(path: Path) -> str:
    "Return how often the labels hold, by the sheet of rows that were read without them."
    rows = {}
    for key, part in pd.read_csv(path).groupby(['model', 'set']):
        right = part.read == part.label
        neither = part.read == 'neither'
        rows[key] = {
            'read as its label': share(right),
            'as another': share(~right & ~neither),
            'as neither': share(neither),
        }
    return markdown(pd.DataFrame(rows).T.rename_axis(['model', 'set']))


def model_section(outcomes: pd.DataFrame, lines: pd.DataFrame, tests: dict[str, Test]) -> list[str]:
    "Return the tables of one model and number of rows."
    of = {kind: outcomes[outcomes.kind == kind] for kind in ('rows', 'embed', 'tokens')}
    return [
        score_table(of['rows']),
        EMBEDDED,
        score_table(of['embed']),
        EQUAL_WORDS,
        score_table(of['tokens']),
        DIFFERENCES,
        difference_table(of['rows'], tests),
        '\nThe same with sentence embeddings:\n',
        difference_table(of['embed'], tests),
        '\nThe same with TF-IDF, at equal words:\n',
        difference_table(of['tokens'], tests),
        '\nHealth, mean over sets and seeds:\n',
        health_table(lines),
    ]


def page(
    folder: Path,  # The rows that were written
    data: Path,  # The real sets
) -> str:
    "Return all tables as Markdown."
    frames = {key: df for key, df in read_rows(folder, data).items() if not ARMS[key.arm].needs_real}
    tests = read_tests(data)
    add_real_rows(frames, data)
    outcomes = score_all(frames, tests)
    lines = pd.DataFrame({key: health(df) for key, df in frames.items()}).T.rename_axis(Rows._fields).sort_index()
    text = [INTRO]
    for (model, n), part in outcomes.groupby(['model', 'n'], sort=False):
        text.append(f'\n### {model.replace("-", "/", 1)}, {n} rows\n')
        text += model_section(part, lines.xs((model, n)), tests)
    read = folder / 'read.csv'
    if read.exists():
        text += ['\n### Do the labels hold?\n', READ, reading_table(read)]
    return '\n'.join(text) + '\n'
