"The filter for label names: words that real texts say may stay where labels are subjects"

import re

import pandas as pd
import pytest
from fakes import Writer

from syngen_nb import Cache, Task, generate, report
from syngen_nb.filters import Filters, are_subjects, gives_label_away

NEWS = Task('Sort news by topic', ['politics', 'sport'])
SENTIMENT = Task('Classify the sentiment of a review', ['negative', 'positive'])


def objection(task, label, text):
    about = dict(label=label, labels=[o.name for o in task.labels], instruction=task.instruction, examples=[])
    return Filters('label_name').why_not(text, about)


@pytest.mark.parametrize('text', ['He left {} for good.', 'Money in {} is a problem, says a new report.'])
def test_a_subject_may_be_said_and_a_judgement_may_not(text):
    for label in NEWS.labels:
        assert not objection(NEWS, label.name, text.format(label))
    for label in SENTIMENT.labels:
        assert objection(SENTIMENT, label.name, text.format(label)) == 'says the name of its label'


@pytest.mark.parametrize(
    'text',
    [
        '{}: he won.',
        '# {}\nHe won.',
        '**{}**\n\nHe won.',
        'He won. [{}]',
        'Topic: {}. He won.',
        'He won, and so it is labelled as {}.',
        '{} | He won.',
        'This is a {} article.',
        'This is one more short {} story.',
        'This article is about {}.',
        'The following text deals with {}.',
        'Esta es una noticia de la sección "{}".',
    ],
)
def test_giveaways_never_pass(text):
    for task in (NEWS, SENTIMENT):
        for label in task.labels:
            for name in (label.name, label.name.upper(), label.name.title()):
                said = text.format(name)
                assert objection(task, label.name, said), said
                assert gives_label_away(said, label.name), said


def test_names_of_several_words_and_odd_signs():
    assert gives_label_away('Human-Rights\nA court said so.', 'human_rights')
    assert not gives_label_away('A court spoke of human rights today.', 'human_rights')
    assert gives_label_away('C++ (new): faster. [C++ (new)]', 'C++ (new)')
    assert not gives_label_away('Transport is politicsfree', 'politics')


@pytest.mark.parametrize(
    ('instruction', 'labels', 'expected'),
    [
        ('Classify news', ('politics', 'economy', 'other'), True),
        ('Clasifica noticias', ('política', 'deportes'), True),
        ('Find the topic of a text', ('ants', 'bees'), True),
        ('Is this about health?', ('health', 'other'), False),
        ('Tell spam from ham', ('ham', 'spam'), False),
        ('Classify financial tweets', ('Bearish', 'Bullish', 'Neutral'), False),
    ],
)
def test_which_labels_are_subjects(instruction, labels, expected):
    assert are_subjects(instruction, labels) is expected


def test_the_report_looks_at_giveaways_too():
    df = pd.DataFrame(
        dict(text=['He left politics.', 'Sport: he won.', 'A vote.', 'A match.'], label=['politics', 'sport'] * 2)
    )
    df.attrs['syngen'] = dict(instruction=NEWS.instruction)
    assert report(df)['names_label'] == 1 / 4
    df.attrs = {}  # The names alone say that they are subjects
    assert report(df)['names_label'] == 1 / 4
    assert report(df.replace(dict(politics='negative', sport='positive')).assign(text=df.text))['names_label'] == 0


class SaysLabels(Writer):
    "Says the name of its label in passing, in every other text"

    faults = 0

    def text(self, request, rng):
        text = super().text(request, rng)
        label = re.search(r'label "(\w+)"', request.prompt)[1]
        return f'{text} with {label}' if rng.random() < 0.5 else text


def test_real_texts_say_which_names_are_words():
    "Names that real texts say stay, with the report's consent; without such texts they are rejected"
    labels, real = ['refund', 'login'], [f'call {i} about a {word}' for i in range(10) for word in ('refund', 'form')]
    frames = {}
    for name, corpus in dict(without=(), with_names=real, other=[o.replace('refund', 'form') for o in real]).items():
        task = Task('Route a message', labels, corpus=corpus)
        options = dict(model=SaysLabels(), verify=False, cache=Cache(':memory:'), progress=False)
        frames[name] = generate(task, 20, **options)
    rejected = {name: df.attrs['syngen']['dropped'].get('says the name of its label', 0) for name, df in frames.items()}
    assert rejected['with_names'] == 0 < min(rejected['without'], rejected['other'])
    assert frames['with_names'].text.str.contains('with').any() and report(frames['with_names'])['names_label'] == 0
    assert [df.attrs['syngen'].get('says_labels') for df in frames.values()] == [None, True, None]
