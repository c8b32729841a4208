"""Texts that are guided by real ones: what prompts show, what is rejected, and what a cache answers."""

import json
import re
from collections import Counter

import pytest
from fakes import SilentWriter, Writer
from helpers import TASK, check_exact

from syngen_nb import METHOD, Cache, Label, Task, Taxonomy, estimate, generate, get_model, start
from syngen_nb.corpus import COPIES, Corpus
from syngen_nb.prompt_sets import DEFAULT, LOCAL, SMALL
from syngen_nb.report import report

QUIET = dict(progress=False)
REAL = [f'{word} notes of the watch {i}: ' + 'calm all night long ' * (i % 7 + 1) for i in range(30) for word in 'ab']
GUIDED = Task(TASK.instruction, TASK.labels, corpus=REAL)
SETS = dict(default=DEFAULT, method=METHOD, local=LOCAL, small=SMALL)


class Listener(Writer):
    "Remembers the requests for texts."

    def __init__(self, *args):
        super().__init__(*args)
        self.heard = []

    def text(self, request, rng):
        self.heard.append(request)
        return super().text(request, rng)


class Parrot(Listener):
    "Repeats a real text that the prompt shows, every other time."

    def text(self, request, rng):
        text = super().text(request, rng)
        shown = re.findall(r'[ab] notes of the watch \d+: [^"\n]+', request.prompt)
        return shown[0].strip() if shown and rng.random() < 0.5 else text


def write(model, task=GUIDED, n=30, cache=None, **options):
    return generate(task, n, model=model, cache=Cache(':memory:') if cache is None else cache, **QUIET, **options)


@pytest.mark.parametrize('name', SETS)
def test_every_prompt_set_shows_real_texts_and_gives_every_row(name):
    model = Listener(SETS[name], 100)
    check_exact(write(model, verify=False), 30)
    assert model.heard and all('notes of the watch' in request.prompt for request in model.heard)
    assert all(len(request.prompt) < 8000 for request in model.heard)
    assert len({re.search(r'\w notes of the watch \d+', request.prompt).group() for request in model.heard}) > 5


@pytest.mark.parametrize('name', SETS)
def test_prompts_are_as_before_without_a_corpus(name):
    model = Listener(SETS[name], 100)
    write(model, TASK)
    assert not any('Real texts' in request.prompt for request in model.heard)


@pytest.mark.parametrize('filters', [None, False])
def test_nothing_of_the_corpus_becomes_a_row_and_it_is_counted(filters):
    df = write(Parrot(), filters=filters)
    check_exact(df, 30)
    corpus = Corpus(REAL)
    assert not any(map(corpus.is_copied, df.text))
    origin = df.attrs['syngen']
    assert origin['dropped'][COPIES] > 3 and origin['corpus'] == corpus.to_dict()
    assert 'calm all night' not in json.dumps(origin)
    if filters is None:
        page = report(df, corpus=REAL)
        assert page['corpus_copied'] == 0
        assert f'{origin["dropped"][COPIES]} texts that took words in a row' in ' '.join(page.notes)


def test_the_same_call_asks_nothing_and_another_corpus_asks_again():
    cache = Cache(':memory:')
    first = write(Writer(), cache=cache)
    assert write(SilentWriter(Writer()), cache=cache).equals(first)
    cache.forget_outcomes()
    assert write(SilentWriter(Writer()), cache=cache).equals(first)
    n_before = len(cache)
    other = Task(TASK.instruction, TASK.labels, corpus=[*REAL[:-1], 'One other text.'])
    write(Writer(), other, cache=cache)
    texts_before = sum(row['cell'].startswith('texts') for row in list(cache.rows())[:n_before])
    assert len(cache) - n_before > texts_before / 2  # Of texts; the tree is the same
    write(Writer(), TASK, cache=cache)
    assert write(SilentWriter(Writer()), TASK, cache=cache).equals(write(Writer(), TASK))


def test_lengths_are_drawn_from_the_corpus_alike_for_all_labels():
    model = Listener()
    write(model, n=90, n_source_type=2, n_topic=3, n_subtopic=2, filters=False)
    asked = Counter(
        int(n) for request in model.heard for n in re.findall(r'- Text \d+: About (\d+) words', request.prompt)
    )
    lengths = Counter(len(text.split()) for text in REAL)
    assert {round(n / 5) * 5 if n > 20 else n for n in lengths} == set(asked)
    by_label = [
        {
            n
            for request in model.heard
            if f'label "{label}"' in request.prompt
            for n in re.findall(r'About \d+', request.prompt)
        }
        for label in ('Sea', 'Land', 'Air')
    ]
    assert by_label[0] == by_label[1] == by_label[2]


def test_a_small_model_has_room_for_a_long_text():
    model = Listener(SMALL, 100)
    write(model)
    limits = {request.max_tokens for request in model.heard}
    assert min(limits) >= SMALL.max_tokens['texts'] and max(limits) > SMALL.max_tokens['texts']
    assert max(limits) <= SMALL.guided['max_tokens']


@pytest.mark.parametrize('name', ['local', 'small'])
def test_embedded_models_see_examples_of_the_label_and_cannot_copy_them(name):
    examples = [
        ('The tide took the old boat out past the wall', 'Sea'),
        ('A goat on the hill ate the whole map', 'Land'),
    ]

    class Copies(Listener):
        def text(self, request, rng):
            text = super().text(request, rng)
            return f'{examples[0][0]} again' if examples[0][0] in request.prompt and rng.random() < 0.3 else text

    model = Copies(SETS[name], 100)
    df = write(model, Task(TASK.instruction, TASK.labels, examples=examples))
    check_exact(df, 30)
    shown = Counter((text in request.prompt, other in request.prompt) for request in model.heard
                    for text, other in [[text for text, _ in examples]])  # fmt: skip
    assert set(shown) == {(True, False), (False, True), (False, False)}  # Sea, Land and Air
    assert not df.text.str.contains('The tide took the old boat').any()
    assert df.attrs['syngen']['dropped']['copies an example'] > 0


def test_eight_words_of_a_longer_example_are_a_copy():
    from syngen_nb.filters import copies_example

    example = 'We all sat down by the river and sang songs of home until the sun came up over the old mill'
    assert copies_example(
        'Last year in May, she said, they sat down by the river and sang songs. Then it was late.', [example]
    )
    assert not copies_example('We sat down by the river and nobody sang', [example])


def test_a_tree_without_its_corpus_asks_nothing(tmp_path):
    Taxonomy(GUIDED).save(tmp_path / 'tree.json')
    assert 'calm' not in (tmp_path / 'tree.json').read_text()
    with pytest.warns(UserWarning, match='60 texts .* was not saved with it'):
        tree = Taxonomy.load(tmp_path / 'tree.json')
    model = SilentWriter(Writer())
    with pytest.raises(ValueError, match='was not saved with it'):
        generate(tree, 6, model=model, **QUIET)
    tree.retask(GUIDED)
    check_exact(write(Writer(), tree, 6), 6, cells=False)


def test_labels_of_a_tree_can_change_and_the_corpus_stays():
    tree = Taxonomy(GUIDED)
    tree.rename(('Sea',), 'Ocean')
    tree.add('task', Label('Fire').name)
    assert tree.task.corpus == GUIDED.corpus and tree.copy().task.corpus == GUIDED.corpus


def test_an_estimate_counts_what_real_texts_add_to_the_prompts():
    model = get_model('openai/gpt-5-mini', api_key='a-key-of-a-test')
    plain, guided = (estimate(task, 60, model=model, cache=Cache(':memory:')) for task in (TASK, GUIDED))
    assert guided.tokens_in > 1.2 * plain.tokens_in


def test_a_run_in_the_background_rejects_copies_too():
    run = start(GUIDED, 12, model=Parrot(), cache=Cache(':memory:'))
    run.result()
    assert (run.dropped.reason == COPIES).any()


def test_a_bad_corpus_is_an_error_before_anything_is_asked():
    for bad, words in [
        ('text', r'\[text\]'),
        (None, 'leave it out'),
        ([], 'no texts'),
        ([3], 'position 0'),
        ([('a b', 'Sea')], 'examples='),
    ]:
        with pytest.raises(ValueError, match=words):
            Task(TASK.instruction, TASK.labels, corpus=bad)
