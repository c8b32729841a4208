"""What a judge says is read right with any tokenizer, for 2 to 150 labels with any names, or not at all.

`Speaker` is a language model over the labels: it knows how likely each one is, and says one of them token by token."""

import json
import math
import random
import re
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from syngen_nb import Judge, Model, ShortWarning, Task, generate, verify
from syngen_nb.judge import read_choice, read_probabilities
from syngen_nb.local_model import follow_choices
from syngen_nb.models import Answer, ModelError
from syngen_nb.prompt_sets import LOCAL, SMALL
from syngen_nb.prompts import marks

END = '<|im_end|>'


def pieces(text):
    "Split as a byte-pair encoding may: in places that depend on the text so far."
    at = [0, *(i for i in range(1, len(text)) if random.Random(text[:i]).random() < 0.4), len(text)]
    return [text[a:b] for a, b in zip(at, at[1:])]


TOKENIZERS = dict(
    letters=list,  # Digit by digit too, as Qwen2.5
    whole=lambda text: [text],  # Numbers up to 999 are one token
    words=lambda text: re.findall(r'\s?\S+', text),
    sentencepiece=lambda text: [token.replace(' ', '▁') for token in re.findall(r'\s?\S+', ' ' + text)],
    pieces=pieces,
)
NAMES = dict(
    marks=None,
    shared_words=[
        f'{a} {b}' for a in ('very', 'not very', 'card', 'lost') for b in ('good', 'bad', 'good news', 'card')
    ],
    prefixes=[
        'spam',
        'spam offers',
        'spam offers abroad',
        'ham',
        'hamburger',
        'not spam',
        'not sure',
        'C',
        'C++',
        'C#',
    ],
    numbers=[str(n) for n in range(1, 41)],
    underscores=['card_arrival', 'card_linking', 'card', 'lost_card', 'lost_or_stolen_card', 'Lost phone'],
    other_scripts=['好', '好评', '差评', 'хорошо', 'хорошо сделано', 'naïve', 'naïveté', 'अच्छा', 'अच्छा नहीं'],
)


class Speaker:
    "Says one of `options`, of the given probabilities, in the tokens of a tokenizer."

    def __init__(self, options, p, tokenize, end=END):
        self.spoken = [[*tokenize(option), end] for option in options]
        self.p = p

    def after(self, said):
        "Return the log-probabilities of the tokens after the tokens `said`."
        n = len(said)
        mass = {}
        for tokens, p in zip(self.spoken, self.p):
            if tokens[:n] == list(said):
                mass[tokens[n]] = mass.get(tokens[n], 0) + p
        total = sum(mass.values())
        return {token: math.log(p / total) for token, p in mass.items() if p}

    def say(self, i, most=99):
        "Return the answer that says option `i`, of at most so many tokens, as the cache holds it."
        tokens = self.spoken[i][:-1][:most]
        is_cut = most < len(self.spoken[i])
        positions = [self.after(tokens[:n]) for n in range(len(tokens) + (not is_cut))]
        text = ''.join(tokens).replace('▁', ' ').strip()
        return dict(text=text, logprobs=positions) | (dict(cut=True) if is_cut else {})


def options_of(kind, n):
    names = NAMES[kind] or [f'label number {i}' for i in range(n)]
    return (marks(len(names)), names, True) if NAMES[kind] is None else (names, names, False)


@pytest.mark.parametrize('tokenizer', TOKENIZERS)
@pytest.mark.parametrize(
    'kind, n', [('marks', 2), ('marks', 26), ('marks', 30), ('marks', 150), *((k, 0) for k in NAMES)]
)
def test_a_sure_judge_is_read_right(kind, n, tokenizer):
    "Each label, whatever it is called; a judge that ends too early is read right or not at all"
    options, names, by_mark = options_of(kind, n or 77)
    for i in range(0, len(options), 1 + len(options) // 12):
        p = np.full(len(options), 0.05 / (len(options) - 1))
        p[i] = 0.95
        speaker = Speaker(options, p, TOKENIZERS[tokenizer])
        read = read_probabilities(speaker.say(i), names, by_mark)
        assert read is not None and read.argmax() == i and read[i] > 0.9, (options[i], read)
        short = read_choice(speaker.say(i, most=1), names, by_mark)
        assert short is None or short.argmax() == i, options[i]
        words = read_choice(dict(text=options[i]), names, by_mark)
        assert words is not None and words.argmax() == i, options[i]


@pytest.mark.parametrize('tokenizer', TOKENIZERS)
@pytest.mark.parametrize('kind', NAMES)
def test_an_unsure_judge_is_never_read_wrong(kind, tokenizer):
    "Whatever it happens to say, the likeliest label is the likeliest, or nothing is read"
    options, names, by_mark = options_of(kind, 30)
    rng = np.random.default_rng(1)
    n_read = 0
    for _ in range(12):
        p = rng.dirichlet(np.full(len(options), 0.3))
        speaker = Speaker(options, p, TOKENIZERS[tokenizer])
        said = int(rng.choice(len(options), p=p))
        for most in (1, 2, 99):
            read = read_probabilities(speaker.say(said, most), names, by_mark)
            assert read is None or read.argmax() == p.argmax(), (options[said], options[p.argmax()], most)
            n_read += read is not None
    assert n_read


@pytest.mark.parametrize(
    'kind, n, tokenizer',
    [
        *(('marks', n, tokenizer) for n in (30, 150) for tokenizer in ('letters', 'whole')),
        *((kind, 0, tokenizer) for kind in ('shared_words', 'prefixes') for tokenizer in ('words', 'pieces')),
    ],
)
def test_following_gives_every_probability(kind, n, tokenizer):
    "A model that is asked for what follows tells how likely each label is, in one answer"
    options, names, by_mark = options_of(kind, n)
    rng = np.random.default_rng(2)
    for end in (END, '', '\n'):
        p = rng.dirichlet(np.full(len(options), 0.2))
        speaker = Speaker(options, p, TOKENIZERS[tokenizer], end)
        ways = {''.join(tokens[:k]): tokens[:k] for tokens in speaker.spoken for k in range(len(tokens))}
        told = follow_choices(speaker.after([]), options, lambda said: speaker.after(ways[said]))
        read = read_choice(dict(text=options[0], logprobs=[told], cut=True), names, by_mark)
        assert read is not None and np.abs(read - p).max() < 0.03, np.abs(read - p).max()


class PerfectJudge(Model):
    "Knows the label from the text, and says its mark or its name as the tokenizer cuts it."

    def __init__(self, prompts, tokenize, logprobs=20):
        self.name = 'my/judge'
        self.prompts, self.tokenize, self.logprobs = prompts, tokenize, logprobs
        self.asked = 0

    async def ask(self, request):
        self.asked += 1
        label = re.search(r'secret-(.*?)-', request.prompt)[1]
        if 'Class:' in request.prompt:
            options = re.findall(r'Classes: (.*)\.', request.prompt)[-1].split(', ')
            says = options.index(label)
        else:
            shown = re.findall(r'^(\w+)\. (.*)$', request.prompt, re.M)
            options = [mark for mark, _ in shown]
            says = [name for _, name in shown].index(label)
        p = np.full(len(options), 0.05 / (len(options) - 1))
        p[says] = 0.95
        answer = Speaker(options, p, self.tokenize).say(says, request.max_tokens or 99)
        logprobs = [dict(sorted(top.items(), key=lambda o: -o[1])[: request.logprobs]) for top in answer['logprobs']]
        return Answer(answer['text'], 1, 1, answer.get('cut', False), logprobs if request.logprobs else None)


@pytest.mark.parametrize(
    'prompts, tokenizer', [(LOCAL, 'letters'), (LOCAL, 'whole'), (SMALL, 'words'), (SMALL, 'letters')]
)
@pytest.mark.parametrize('logprobs', [20, 0])
def test_no_row_is_lost_for_its_label(prompts, tokenizer, logprobs):
    "Of 30 labels none loses its rows; with numbers for marks, and with names that begin alike"
    names = [
        f'{a} {b}' for a in ('very', 'not', 'quite') for b in 'good bad fine dull new old big small fast slow'.split()
    ]
    df = pd.DataFrame([(f'a text, secret-{name}-', name) for name in names], columns=['text', 'label'])
    judge = PerfectJudge(prompts, TOKENIZERS[tokenizer], logprobs)
    checked = verify(df, Task('Rate', names), model=judge, cache=':memory:', votes=1, progress=False)
    assert checked.checked_label.astype(str).tolist() == names
    assert judge.asked == 30


def test_old_answers_that_were_too_short_are_asked_for_again(cache):
    "A cache of before holds one token of each answer; the keys are the same, and only what cannot be read is asked again"

    class OneToken(PerfectJudge):
        async def ask(self, request):
            answer = await super().ask(request)
            return Answer(answer.text.split()[0], 1, 1, True, answer.logprobs[:1])

    names = ['very good', 'very bad', 'good']
    df = pd.DataFrame([(f'a text, secret-{name}-', name) for name in names], columns=['text', 'label'])
    task = Task('Rate', names)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ShortWarning)
        before = verify(df, task, model=OneToken(SMALL, TOKENIZERS['words']), cache=cache, progress=False)
    assert before.checked_label.astype(object).where(before.checked_label.notna(), None).tolist() == [
        None,
        None,
        'good',
    ]
    judge = PerfectJudge(SMALL, TOKENIZERS['words'])
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ShortWarning)
        verify(df, task, model=judge, cache=cache, progress=False)
    assert judge.asked <= 2


WORDS = [
    ('A text like this could be anything', None),
    ('I cannot tell', None),
    ('I, as a language model, cannot tell.', None),
    ("I'm not sure", None),
    ('A or B', None),
    ('Not A.', None),
    ('It is not spam', None),
    ('Das ist nicht spam.', None),
    ('A. spam', None),
    ('There is some spam talk in this text', None),
    ('The text is about a ham sandwich', None),
    ('B', 1),
    ('(B)', 1),
    ('**B**', 1),
    ('`B`', 1),
    ('B: spam', 1),
    ('B spam', 1),
    ('Answer: B', 1),
    ('The answer is B.', 1),
    ('{"answer": "B"}', 1),
    ('\\boxed{B}', 1),
    ('<answer>B</answer>', 1),
    ('B\n\nThe text offers a prize, so it is spam.', 1),
    ('It is spam.', 1),
    ('<think>A is about a ham.</think>\n\nB', 1),
    ('<|channel|>analysis<|message|>A?<|end|><|start|>assistant<|channel|>final<|message|>B<|return|>', 1),
]


@pytest.mark.parametrize('text, label', WORDS)
def test_words_are_read_where_the_choice_is_plain(text, label):
    names = ['ham', 'spam', *(f'label {i}' for i in range(10))]
    read = read_choice(dict(text=text), names)
    assert label is None and read is None or read.argmax() == label


@pytest.mark.parametrize('kept', [True, False])
def test_a_judge_that_thinks_is_read_by_what_follows(kept):
    "The thoughts may be in the text, or only among the tokens"
    thoughts = [{'<think>': -0.01}, {'A': -0.01, 'B': -5.0}, {' maybe': -0.1}, {'</think>': -0.01}, {'\n\n': -0.01}]
    answer = dict(text='<think>A maybe</think>\n\nB' if kept else 'B', logprobs=[*thoughts, {'B': -0.05, 'A': -3.0}])
    read = read_choice(answer, ['ham', 'spam'])
    assert read.argmax() == 1 and read[1] > 0.9


@pytest.mark.parametrize('text', ['A text about', 'I think the', 'E commerce is', 'A or'])
@pytest.mark.parametrize('has_logprobs', [True, False])
def test_an_article_is_no_mark_where_the_answer_was_cut_off(text, has_logprobs):
    "What was cut off is read as strictly as what was not"
    tokens = [{word: -0.01} for word in re.findall(r' ?\w+', text)] if has_logprobs else None
    assert read_choice(dict(text=text, cut=True, logprobs=tokens), [f'label {i}' for i in range(10)]) is None


@pytest.mark.parametrize('names', [['a', 'a.b', 'a.b.c'], ['card', 'card. lost']])
def test_a_name_that_may_go_on_is_not_known(names):
    assert read_choice(dict(text=f'{names[0]}.', cut=True), names, by_mark=False) is None


@pytest.mark.parametrize('names', [['.NET', 'java'], ['(none)', 'some'], ['"so"', 'not so'], ["'tis", 'is']])
@pytest.mark.parametrize('has_logprobs', [True, False])
def test_names_that_begin_with_a_sign_are_read(names, has_logprobs):
    for i, name in enumerate(names):
        answer = dict(text=name, logprobs=[{name: -0.01, 'Z': -5.0}] if has_logprobs else None)
        assert read_choice(answer, names, by_mark=False).argmax() == i


def test_what_stands_before_a_choice_is_followed():
    "The tokens before a choice leave it open; what might have come in their place is not blown up to certainty"
    tokens = [{'(': -0.1, 'A': -2.7, 'B': -3.5}, {'B': -0.1, 'A': -2.5}, {')': -0.01}]
    assert read_choice(dict(text='(B)', logprobs=tokens), ['no', 'yes']).argmax() == 1
    assert read_choice(dict(text='(', logprobs=tokens[:1], cut=True), ['no', 'yes']) is None
    digits = [{'▁': -0.01}, {'1': -0.01}, {'0': -0.01, '1': -7.0}, {'</s>': -0.01, '0': -7.0}]
    assert read_choice(dict(text='10', logprobs=digits), ['1', '10', '100', '11'], by_mark=False).argmax() == 1


def test_an_article_is_no_mark_among_tokens():
    answer = dict(text='A spam text', logprobs=[{'A': -0.01, 'B': -5.0}, {' spam': -0.1}, {' text': -0.1}])
    assert read_choice(answer, ['ham', 'spam']) is None
    answer = dict(text='A: ham', logprobs=[{'A': -0.01, 'B': -5.0}, {':': -0.1}, {' ham': -0.1}])
    assert read_choice(answer, ['ham', 'spam']).argmax() == 0


class SmallContext(Model):
    "Refuses long checks, as a server with a small context does."

    name = 'my/model'

    def __init__(self, most):
        self.most, self.n = most, 0

    async def ask(self, request):
        if 'Answer with its mark only' in request.prompt:
            if len(request.prompt) > self.most:
                raise ModelError(
                    f'the request ({len(request.prompt)} tokens) exceeds the context ({self.most})', 'request'
                )
            return 'A'
        self.n += 1
        (key,) = request.schema['properties']['items']['items']['properties']
        return json.dumps(dict(items=[{key: f'name {self.n} {i} of some length'} for i in range(3)]))


def test_a_check_is_made_to_fit():
    "Less of the text is shown, then no descriptions; another text is not affected"
    labels = {f'label {i}': 'what this label means, in many words ' * 3 for i in range(20)}
    df = pd.DataFrame(dict(text=['word ' * 600, 'short'], label=['label 0', 'label 0']))
    for most in (3500, 1200):
        checked = verify(df, Task('Sort', labels), model=SmallContext(most), cache=':memory:', votes=1, progress=False)
        assert checked.checked_label.notna().all()


def test_a_check_that_cannot_be_made_is_named():
    kw = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, filters=False, progress=False)
    task = Task('Rate', ['negative', 'positive'])
    with pytest.warns(
        ShortWarning, match=r'4 of 4 label checks gave no label: the request .* exceeds the context'
    ) as said:
        df = generate(task, **kw, model=SmallContext(50), cache=':memory:', verify=Judge(votes=1))
    assert len(said) == 1 and len(df) == 4 and 'stand in for' not in str(said[0].message)
    assert df.attrs['syngen']['shortfall'][0]['error'].startswith('the request')


def test_a_judge_that_cannot_be_read_is_quoted():
    class Mumbles(SmallContext):
        async def ask(self, request):
            is_check = 'Answer with its mark only' in request.prompt
            return 'Hard to tell, both fit.' if is_check else await super().ask(request)

    kw = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, filters=False, progress=False)
    task = Task('Rate', ['negative', 'positive'])
    with pytest.warns(ShortWarning, match="answered 'Hard to tell, both fit.'. These texts stay unchecked") as said:
        generate(task, **kw, model=Mumbles(50), cache=':memory:', verify=True)
    assert len(said) == 1
    df = pd.DataFrame(dict(text=['one', 'two'], label=['negative', 'positive']))
    with pytest.raises(ModelError, match="no label was named. The last answer: 'Hard to tell"):
        verify(df, task, model=Mumbles(50), cache=':memory:', progress=False)


@pytest.mark.parametrize('by_mark', [True, False])
def test_a_judge_that_rambles_takes_no_time(by_mark):
    start = time.thread_time()
    answer = dict(text='"A", "negative",\n' * 6_000)
    assert read_choice(answer, ['negative', 'positive'], by_mark) is None
    assert time.thread_time() - start < 3


@pytest.mark.parametrize('logprobs, sure', [(20, True), (0, False)])
def test_one_word_of_a_judge_is_a_vote_however_many_are_wanted(logprobs, sure):
    "With votes=1 a judge that gives no log-probabilities is not certain: one vote of n counts (1 + 1/2) / 2"
    df = pd.DataFrame([(f'a text, secret-{name}-', name) for name in ('good', 'bad')], columns=['text', 'label'])
    judge = PerfectJudge(SMALL, TOKENIZERS['words'], logprobs)
    checked = verify(df, Task('Rate', ['good', 'bad']), model=judge, cache=':memory:', votes=1, progress=False)
    assert checked.checked_label.tolist() == ['good', 'bad']
    assert all(confidence > 0.9 if sure else confidence == pytest.approx(0.75) for confidence in checked.confidence)


TWO_WORDS = ['very positive', 'positive', 'negative', 'very negative']
WRITTEN = [
    'very\xa0{}',
    'very\u202f{}',
    'very\u2009{}',
    'very\u200b{}',
    'very  {}',
    'very\n{}',
    '**very** {}',
    'very *{}*',
    'Very "{}"',
]


@pytest.mark.parametrize('written', WRITTEN)
def test_a_name_of_two_words_in_other_clothes(written):
    "It is not read as the shorter name that it ends in"
    for rest, number in (('positive', 0), ('negative', 3)):
        said = written.format(rest)
        for text, by_mark in ((said, False), (f'The class is {said}.', False), (f'The class is {said}.', True)):
            read = read_choice(dict(text=text), TWO_WORDS, by_mark)
            assert read is not None and read.tolist() == [float(i == number) for i in range(4)], text


@pytest.mark.parametrize('space', ['\xa0', '\u202f', '  '])
def test_a_space_of_its_own_as_a_token(space):
    told = [{word: -0.01} for word in ('very', space, 'positive')]
    read = read_choice(dict(text=f'very{space}positive', logprobs=told), TWO_WORDS, False)
    assert read is not None and read.argmax() == 0
