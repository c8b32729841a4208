"What leaves the package: splits without leaks, a Hugging Face data set, a card that says only what is meant"

import html
import importlib
import inspect
import itertools
import random
import re
import subprocess
import sys
import unicodedata

import pandas as pd
import pytest

from syngen_nb import card, split, to_hf, to_parquet
from syngen_nb.duplicates import near_groups
from syngen_nb.plan import apportion
from syngen_nb.text import words


def pairs(t):
    w = words(t)
    return set(zip(w, w[1:])) or {re.sub(r'[\W_]+', '', t.casefold()) or t}


def jaccard(a, b):
    return len(pairs(a) & pairs(b)) / len(pairs(a) | pairs(b))


def frame(rng):
    "A frame with few words, so that near-duplicates are frequent, within labels and across"
    labels = ['a', 'b', 'c'][: rng.randint(2, 3)]
    rows = []
    for l in labels:
        for i in range(rng.randint(2, 12)):
            for _ in range(rng.randint(1, 5)):
                rows.append(
                    dict(
                        text=' '.join(
                            rng.choices('rain door lamp fish road moon salt bird'.split(), k=rng.randint(1, 7))
                        ),
                        label=l,
                        source_type=f's{i % 2}',
                        topic=f't{i % 3}',
                        subtopic=f'u{i}',
                    )
                )
    if rng.random() < 0.5:
        rows += [
            dict(r, label=rng.choice(labels), text=r['text'] + ' too') for r in rng.choices(rows, k=3)
        ]  # the same, in another place
    return pd.DataFrame(rows).sample(frac=1, random_state=rng.randint(0, 99))


@pytest.mark.parametrize('seed', range(80))
def test_nothing_leaks(seed):
    "No group and no near-duplicate is on both sides; every row and label is there, in its order; the same again"
    rng = random.Random(seed)
    df, by, share = frame(rng), rng.choice(['subtopic', 'topic', None]), rng.uniform(0.1, 0.5)
    train, test = split(df, share, by=by, seed=seed)
    assert sorted([*train.index, *test.index]) == sorted(df.index) and set(train.label) == set(test.label) == set(
        df.label
    )
    assert list(test.index) == [i for i in df.index if i in set(test.index)]
    cols = ['label', 'source_type', 'topic', 'subtopic'][: {'subtopic': 4, 'topic': 3, None: 0}[by]]
    if cols:
        assert not set(map(tuple, train[cols].to_numpy())) & set(map(tuple, test[cols].to_numpy()))
    for a, b in itertools.product(train.text, test.text):
        assert jaccard(a, b) < 0.8
    again = split(df, share, by=by, seed=seed)
    assert again[0].equals(train) and again[1].equals(test)


@pytest.mark.parametrize('seed', range(60))
def test_as_close_as_can_be(seed):
    "With groups of one label each, no choice of whole groups is closer to the wanted number of rows"
    rng, n = random.Random(seed), itertools.count()
    sizes, share = (
        [[rng.randint(1, 9) for _ in range(rng.randint(2, 9))] for _ in range(rng.randint(2, 3))],
        rng.uniform(0.1, 0.6),
    )
    df = pd.DataFrame(
        [
            dict(text=f'text number {next(n)} of its own kind w{next(n)}', label=f'l{l}', group=f'{l} {g}')
            for l, gs in enumerate(sizes)
            for g, k in enumerate(gs)
            for _ in range(k)
        ]
    )
    _, test = split(df, share, by='group')
    want = apportion(max(len(sizes), round(share * len(df))), [sum(gs) for gs in sizes])
    for l, gs in enumerate(sizes):
        sums = {sum(c) for r in range(1, len(gs)) for c in itertools.combinations(gs, r)}
        goal = min(max(want[l], 1), sum(gs) - 1)
        assert abs((test.label == f'l{l}').sum() - goal) == min(abs(s - goal) for s in sums)


@pytest.mark.parametrize('t', [0.3, 0.6, 0.8, 1.0])
@pytest.mark.parametrize('seed', range(15))
def test_near_groups(seed, t):
    "The groups found are those of all pairs compared, of any texts and of those with words that no other text has"
    rng = random.Random(seed)
    texts = [' '.join(rng.choices('abc', k=rng.randint(0, 7))) for _ in range(rng.randint(0, 40))]
    texts += [f'a b {i} {rng.choice("ab")} and so on a b c' for i in range(rng.randint(0, 20))]

    def together(numbers):
        return [[number == other for other in numbers] for number in numbers]

    at = list(range(len(texts)))
    for i, j in itertools.combinations(range(len(texts)), 2):
        if jaccard(texts[i], texts[j]) >= t:
            at = [at[j] if o == at[i] else o for o in at]
    assert together(near_groups(texts, t)) == together(at)


def test_split_large():
    "Ten thousand rows without groups: exact, and soon"
    rng = random.Random(0)
    df = pd.DataFrame(
        dict(
            text=[' '.join(rng.choices([f'w{i}' for i in range(500)], k=12)) for _ in range(10_000)],
            label=[rng.choice('ab') for _ in range(10_000)],
        )
    )
    _, test = split(df, 0.2)
    assert len(test) == 2000 and abs((test.label == 'a').sum() - 0.2 * (df.label == 'a').sum()) < 1


def test_equal_texts():
    "A text that is there a thousand times stays on one side, with its index and what the frame says of itself"
    df = pd.DataFrame(
        dict(
            text=['the same old thing'] * 1000 + [f'thing {i} is quite another thing' for i in range(1000)],
            label=['a', 'b'] * 1000,
        ),
        index=range(5000, 7000),
    )
    df.attrs['syngen'] = dict(instruction='x')
    train, test = split(df, 0.4)
    assert (
        not set(train.text) & set(test.text)
        and train.attrs == test.attrs == df.attrs
        and set(test.index) <= set(df.index)
    )


def test_hf_and_back(tmp_path):
    "Labels as numbers in the order of the task; missing values, numbers and texts as they were, also after a round over disk"
    datasets = pytest.importorskip('datasets')
    df = pd.DataFrame(
        dict(
            text=['NA', 'x\ny', '', '🍿'],
            label=pd.Categorical(list('zaza'), ['z', 'a', 'q']),
            n=[1, 2, 3, 4],
            x=[0.5, None, 1, 2],
            ok=[True, False, True, True],
            note=['a', None, 'b', 'c'],
        ),
        index=[3, 3, 1, 2],
    )
    d = to_hf(df)
    assert d.features['label'].names == ['z', 'a', 'q'] and d['label'][:] == [0, 1, 0, 1] and d.column_names == list(df)
    d.save_to_disk(tmp_path / 'd')
    back = datasets.load_from_disk(str(tmp_path / 'd'))
    assert (
        back.features == d.features
        and back['text'][:] == list(df.text)
        and back['x'][:] == [0.5, None, 1, 2]
        and back['note'][:] == ['a', None, 'b', 'c']
        and back['ok'][:] == [True, False, True, True]
        and back['n'][:] == [1, 2, 3, 4]
    )
    both = to_hf((df, df.head(1).assign(label='a')))
    assert list(both) == ['train', 'test'] and both['test']['label'][:] == [1]
    with pytest.raises(ValueError, match='no label'):
        to_hf(df.assign(label=None))
    with pytest.raises(ValueError, match="no column 'label'"):
        to_hf(df[['text']])


def test_hf_takes_labels_in_another_unicode_form():
    "A label of a file from a Mac is the same class"
    pytest.importorskip('datasets')
    train = pd.DataFrame(dict(text=['Zu groß', 'Zu teuer'], label=['Größe', 'Übel']))
    both = to_hf([train, train.assign(label=train.label.map(lambda name: unicodedata.normalize('NFD', name)))])
    assert both['train'].features['label'].names == ['Größe', 'Übel']
    assert both['test']['label'][:] == [0, 1]


def test_card_is_read_as_meant():
    "What the hub reads from the head, and what a Markdown parser makes of the tables: the very texts, nothing else"
    mistune, yaml = (
        pytest.importorskip('mistune'),
        pytest.importorskip('yaml'),
    )  # both come with nbconvert and JupyterLab
    evil = [
        '<script>alert(1)</script>',
        'a | b || c',
        '# no\n---\n| x |',
        '[link](http://bad.example) ![i](x)',
        '`code` **b** _i_ ~~s~~ $m$',
        'see https://bad.example/a and www.bad.example',
        'back\\slash \\| pipe',
        '&lt;b&gt; &amp;',
        '{{7*7}}',
        '1. one',
    ]
    df = pd.DataFrame(
        dict(text=evil, label=[' '.join(f'l{i}: {t[:9]}'.split()) for i, t in enumerate(evil)], model='openai/x')
    )
    df.attrs['syngen'] = dict(
        instruction='Sort: "a" | <b> #1 #',
        language='Spanish',
        model='openai/x',
        plan=dict(n_label=10, n_topic=2),
        prompts='default',
        dropped={'too | short': 1},
    )
    text = card(df, health=False)
    _, head, body = text.split('---\n', 2)
    assert (
        yaml.safe_load(head)['pretty_name'] == df.attrs['syngen']['instruction']
        and yaml.safe_load(head)['language'] == ['es']
        and 'license' not in yaml.safe_load(head)
    )
    is_span = lambda o: o['type'] == 'inline_html' and o['raw'] in ('<span>', '</span>')  # Around a dollar
    flat = lambda o: (
        ''
        if is_span(o)
        else o.get('raw', '')
        if 'raw' in o
        else '\n'
        if o['type'] in ('softbreak', 'linebreak')
        else ''.join(map(flat, o.get('children', ())))
    )
    kinds = lambda o: [o['type'], *(k for c in o.get('children', ()) if not is_span(c) for k in kinds(c))]
    blocks = mistune.create_markdown(renderer='ast', plugins=['table', 'url', 'strikethrough'])(body)
    cells = lambda b: [[html.unescape(flat(c)) for c in r['children']] for r in b['children'][1]['children']]
    tables = [b for b in blocks if b['type'] == 'table']
    assert [r[1] for r in cells(tables[1])] == [' '.join(t.split()) for t in evil] and [
        r[0] for r in cells(tables[1])
    ] == sorted(df.label)
    assert not {'link', 'image', 'block_html', 'inline_html', 'codespan', 'emphasis', 'strong', 'strikethrough'} & {
        k for b in blocks for k in kinds(b)
    }
    assert html.unescape(flat(next(b for b in blocks if b['type'] == 'heading'))) == df.attrs['syngen']['instruction']
    assert ['dropped', 'too | short: 1'] in cells(tables[2])
    assert 'OpenAI, whose terms' in body


def test_card_code_runs():
    "The call that a card names is Python, and gives the same task"
    import syngen_nb

    df = pd.DataFrame(dict(text=['x', 'y'], label=pd.Categorical(["it's", '"b"\n'], ["it's", '"b"\n'])))
    df.attrs['syngen'] = dict(
        instruction="Don't `stop`",
        labels={"it's": 'one'},
        language='German',
        model='local',
        plan=dict(n_label=2, n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=1, n_record_to_generate=2),
        seed=3,
        prompts='method',
        filters=['too_short', 'shouts'],
        verify=dict(policy='relabel', model='local/small', odds=0.5),
    )
    code = re.search(r'```python\n(.*?)```', card(df, health=False), re.S)[1]
    called = {}
    scope = dict(
        Task=lambda *a, **k: (a, k),
        METHOD='m',
        Judge=lambda *a, **k: (a, k),
        shouts='s',
        generate=lambda *a, **k: called.update(k),
    )
    exec(code.replace('from syngen_nb import Judge, METHOD, Task, generate', ''), scope)
    assert scope['task'] == (("Don't `stop`", {"it's": 'one', '"b"\n': ''}), dict(language='German'))
    assert called == dict(
        n_source_type=1,
        n_topic=1,
        n_subtopic=1,
        sample_per_subtopic=1,
        model='local',
        seed=3,
        prompts='m',
        filters=['too_short', 's'],
        verify=(('relabel',), dict(model='local/small', odds=0.5)),
    )
    assert not set(called) - set(inspect.signature(syngen_nb.generate).parameters)


def test_card_of_any_frame():
    "A frame that was not made here has a card too, without guesses"
    text = card(pd.DataFrame(dict(text=['x', 'y'], label=['a', 'b'])), health=False)
    assert 'Made again' not in text and 'How it was made' not in text and '| a |' in text


def test_card_says_why_cells_are_short():
    df = pd.DataFrame(dict(text=['x', 'y'], label=['a', 'b']))
    df.attrs['syngen'] = dict(
        shortfall=[
            dict(cell='a · b', want=3, got=1, why='7 dropped: is a duplicate'),
            dict(cell='c', want=2, got=0, error='no answer'),
        ],
        n_short=2,
    )
    text = card(df, health=False)
    assert '| a · b | 3 | 1 | 7 dropped: is a duplicate |' in text and '| c | 2 | 0 | no answer |' in text


def test_parquet_keeps_attrs(tmp_path):
    pytest.importorskip('pyarrow')
    df = pd.DataFrame(dict(text=['x'], label=pd.Categorical(['a'], ['b', 'a'])))
    df.attrs['syngen'] = dict(plan=dict(n=None, k=1.5), shortfall=[dict(cell='ü', want=2)])
    to_parquet(df, tmp_path / 'a.parquet')
    back = pd.read_parquet(tmp_path / 'a.parquet')
    assert back.attrs == df.attrs and list(back.label.cat.categories) == ['b', 'a']


def test_card_made_again(server, cache):
    "The call in the card of a generated frame, run with its cache, makes that very frame and asks nothing"
    from helpers import TASK, openai

    import syngen_nb

    use = dict(cache=cache, progress=False)
    df = syngen_nb.generate(TASK, 30, model=openai(server), filters=['too_short', 'near_duplicate'], seed=2, **use)
    code, asked = re.search(r'```python\n(.*?)```', card(df, health=False), re.S)[1], server.count
    scope = dict(use=use)
    exec(code.replace('model=get_model(', '**use, model=get_model('), scope)
    assert scope['df'].equals(df) and server.count == asked
    a, b = split(df, 6)
    assert len(b) == 6 and not set(a.cell) & set(b.cell) and '| Sea | 8 | 2 |' in card((a, b), health=False)


@pytest.mark.parametrize('name', ['split', 'card', 'evaluate'])
def test_function_and_module_of_one_name(name):
    "The function is at the top of the package, and its module can be imported too."
    import syngen_nb

    module = importlib.import_module(f'syngen_nb.{name}')
    assert getattr(syngen_nb, name) is getattr(module, name) and callable(getattr(syngen_nb, name))


@pytest.mark.parametrize(
    'first',
    [
        'import syngen_nb.split, syngen_nb.card, syngen_nb.evaluate',
        'from syngen_nb.split import split; from syngen_nb.card import card; from syngen_nb.evaluate import evaluate',
    ],
)
def test_importing_a_module_leaves_the_function(first):
    "Python puts a module into its package when it loads it; the functions of the same names come after that."
    code = f'{first}\nimport syngen_nb\nprint([type(getattr(syngen_nb, o)).__name__ for o in ("split", "card", "evaluate")])'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "['function', 'function', 'function']\n", done.stderr
