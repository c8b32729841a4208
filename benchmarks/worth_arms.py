"""The tasks and the arms of `worth.py`: ways to write the rows of a task.

An arm is this package with one thing changed, so the difference to OURS is what that thing is worth. Where an arm needs
other words in a prompt, it has a template of its own in `worth_templates/`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from syngen_nb import METHOD, Cache, Label, Model, Prompts, Task, Taxonomy, annotate, generate

TEMPLATES = Path(__file__).parent / 'worth_templates'
TASKS = dict(
    imdb=Task(
        'Classify the sentiment of a movie review',
        [
            Label('negative', 'the reviewer did not like the film'),
            Label('positive', 'the reviewer liked the film'),
        ],
    ),
    twitter_fin=Task(
        'Classify the sentiment of a tweet about financial news',
        [
            Label('Bearish', 'bad for the price: losses, cuts, falls'),
            Label('Bullish', 'good for the price: gains, raises, beats'),
            Label('Neutral', 'a report that is neither good nor bad for the price'),
        ],
    ),
    sms_spam=Task(
        'Find spam among SMS text messages',
        [
            Label('ham', 'an ordinary message between people who know each other'),
            Label('spam', 'unwanted advertising: prizes, offers, premium numbers'),
        ],
    ),
    tweets_es=Task(
        'Classify the sentiment of a Spanish tweet', ['negative', 'neutral', 'positive'], language='Spanish'
    ),
)
FLAT_TOKENS = 44  # More than a plain text takes: how long it gets is up to the model


def template(name: str) -> str:
    "Return a template of `worth_templates/`; the last line break of the file does not belong to it."
    path = TEMPLATES / f'{name}.jinja'
    if not path.exists():
        raise SystemExit(f'This arm has no template for this prompt set; write {path}')
    return path.read_text(encoding='utf-8').removesuffix('\n')


# --- prompts


def own(prompts: Prompts) -> Prompts:
    "Return the set that suits the model."
    return prompts


def method(prompts: Prompts) -> Prompts:
    "Return the prompts of the published method."
    return METHOD


def flat(prompts: Prompts) -> Prompts:
    "Return the set with a plain prompt for one text, which knows no tree and nothing else of ours."
    how = prompts.how.get('texts', 'chat')
    limit = prompts.max_tokens.get('texts')
    limits = {} if limit is None else dict(texts=max(limit, FLAT_TOKENS))
    return replace(
        prompts,
        name='flat',
        texts=template(f'flat/{how}'),
        system='',
        lead='',
        vary={},
        per_call=1,
        max_tokens=prompts.max_tokens | limits,
    )


def treeless(prompts: Prompts) -> Prompts:
    "Return the set with a prompt for texts that leaves out the place in the tree."
    return replace(prompts, name='treeless', texts=template(f'no-tree/{prompts.name}'))


def without_contrast(prompts: Prompts) -> Prompts:
    "Return the set with a prompt for texts that does not show the other labels."
    return replace(prompts, show=tuple(part for part in prompts.show if part != 'others'))


def without_variation(prompts: Prompts) -> Prompts:
    "Return the set without styles and first words."
    return replace(prompts, vary={}, lead='')


# --- arms


@dataclass(frozen=True)
class Arm:
    "A way to write the rows of a task."

    prompts: Callable[[Prompts], Prompts] = own  # What becomes of the set that suits the model
    tree: bool = True  # Whether a tree is grown; otherwise each label is a single cell
    filters: bool | None = None  # None for the usual ones
    verify: bool = True
    rounds: int = 6
    examples: int = 0  # Real texts with their labels that the model is shown
    corpus: int = 0  # Real texts without labels that the rows follow
    annotate: bool = False  # Whether real texts are labelled in place of written ones
    calibrate: bool = False  # Whether the model's preference for labels is taken off then

    @property
    def needs_real(self) -> bool:
        return bool(self.examples or self.corpus or self.annotate)


ARMS = {
    'METHOD': Arm(method, filters=False, verify=False),
    'FLAT': Arm(flat, tree=False, filters=False, verify=False),
    'OURS': Arm(),
    'no-tree': Arm(treeless, tree=False, rounds=30),  # One cell has to stand for many
    'no-contrast': Arm(without_contrast),
    'no-variation': Arm(without_variation),
    'no-filters': Arm(filters=False),
    'no-verification': Arm(verify=False),
    'examples': Arm(examples=8),
    'corpus': Arm(corpus=200),
    'corpus+examples': Arm(examples=8, corpus=200),
    'annotated': Arm(annotate=True),
    'calibrated': Arm(annotate=True, calibrate=True),
}


def flat_tree(task: Task) -> Taxonomy:
    "Return a taxonomy with one cell for each label."
    tax = Taxonomy(task)
    for label in tax.children():
        source_type = tax.add(label, 'texts')
        topic = tax.add(source_type, 'anything')
        tax.add(topic, 'anything')
    return tax


def labelled_examples(real: pd.DataFrame, n: int, seed: int) -> list[tuple[str, str]]:
    "Return `n` real rows as pairs, the labels in turn."
    shuffled = real.sample(frac=1, random_state=seed)
    turn = shuffled.groupby('label').cumcount()
    some = shuffled.loc[turn.sort_values(kind='stable').index[:n]]
    return list(zip(some.text, some.label))


def guided(task: Task, arm: Arm, real: pd.DataFrame, seed: int) -> Task:
    "Return the task with the real texts that the arm is shown: no text is an example and in the corpus."
    examples = labelled_examples(real, arm.examples, seed)
    others = real.text[~real.text.isin([text for text, _ in examples])]
    corpus = tuple(others.sample(arm.corpus, random_state=seed))
    return replace(task, examples=examples, corpus=corpus)


def annotated_rows(
    task: Task, n: int, model: Model, cache: Cache | str | Path, real: pd.DataFrame, seed: int, calibrate: bool
) -> pd.DataFrame:
    "Return `n` real texts with the label that the model gives them; `row` is their place in `real`."
    some = real.sample(n, random_state=seed)
    rows = annotate(some.text, task, model=model, cache=cache, progress=False, calibrate=calibrate)
    return rows.assign(row=some.index).dropna(subset=['label'])


def write_rows(
    name: str,  # One of `ARMS`
    task: Task,
    n: int,
    model: Model,
    cache: Cache | str | Path,
    seed: int,
    real: pd.DataFrame | None = None,  # Training rows, for arms that see real texts
) -> pd.DataFrame:
    "Return `n` rows of an arm."
    if name not in ARMS:
        raise SystemExit(f'No arm {name}; there are {", ".join(ARMS)}')
    arm = ARMS[name]
    if arm.annotate:
        return annotated_rows(task, n, model, cache, real, seed, arm.calibrate)
    if arm.needs_real:
        task = guided(task, arm, real, seed)
    return generate(
        task if arm.tree else flat_tree(task),
        n,
        model=model,
        cache=cache,
        prompts=arm.prompts(model.prompts),
        seed=seed,
        rounds=arm.rounds,
        filters=arm.filters,
        verify=arm.verify,
        progress=False,
    )
