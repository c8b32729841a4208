"The report against plain formulas and scikit-learn, with odd and hostile input"

import gzip
import math
import random
import re
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import python
from markupsafe import Markup
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from syngen_nb.corpus import Corpus
from syngen_nb.duplicates import near_duplicates
from syngen_nb.likeness import measure_likeness
from syngen_nb.metrics import (
    aps,
    best_length,
    best_word,
    branches,
    compression_ratio,
    distinct,
    ingf,
    lengths,
    measure,
    near_rate,
    openings,
    out_of_fold,
    read_rows,
    telling_words,
    vendi,
)
from syngen_nb.report import (
    _judge_value,
    _shown_range,
    compare,
    format_value,
    known_ranges,
    report,
    report_lines,
    shown_aim,
)
from syngen_nb.text import words

WORDS = 'sea land air wind sun rain sand hill boat bird tree road lake snow'.split()


def some(n=60, seed=0, k=14, longest=9):
    r = random.Random(seed)
    return [' '.join(r.choices(WORDS[:k], k=r.randint(1, longest))) for _ in range(n)]


def frame(n=60, labels=('up', 'down', 'level'), seed=0, **kw):
    r = random.Random(seed)
    return pd.DataFrame(
        dict(text=some(n, seed), label=[r.choice(labels) for _ in range(n)])
        | {k: [r.choice(v) for _ in range(n)] for k, v in kw.items()}
    )


def grams(text, n):
    w = words(text)
    return [tuple(w[i : i + n]) for i in range(len(w) - n + 1)]


# --- measures, one by one
@pytest.mark.parametrize('n', [1, 2, 3, 4])
def test_n_grams(n):
    t = some(seed=n)
    every = [g for o in t for g in grams(o, n)]
    assert distinct(t, n) == pytest.approx(len(set(every)) / len(every))
    within = Counter(g for o in t for g in set(grams(o, n)))
    assert ingf(t, n) == pytest.approx(sum(within.values()) / len(within))


@pytest.mark.parametrize('s', [1, 3, 6, 8])
def test_distinct_of_a_sample_is_the_mean_over_all_samples(s):
    t = ['a b a', 'a c', 'b a d']
    every = [w for o in t for w in o.split()]
    draws = [len(set(o)) for o in combinations(every, s)]
    assert distinct(t, sample=s) == pytest.approx(sum(draws) / len(draws) / s)


def test_aps_and_vendi_against_scikit_learn():
    t = some(40)
    y = [random.Random(i).choice('abc') for i in range(40)]
    K = cosine_similarity(TfidfVectorizer(analyzer=words, sublinear_tf=True).fit_transform(t))
    pairs = list(combinations(range(40), 2))
    assert aps(t) == pytest.approx(np.mean([K[p] for p in pairs]))
    by = aps(t, y)
    for a in 'abc':
        for b in 'abc':
            assert by.loc[a, b] == pytest.approx(np.mean([K[p] for p in pairs if {y[p[0]], y[p[1]]} == {a, b}]))
    p = np.linalg.eigvals(K / 40).real  # exp of the entropy of the eigenvalues of K/n
    assert vendi(t) == pytest.approx(math.exp(-sum(o * math.log(o) for o in p if o > 1e-10)))
    assert vendi(t, most=10) <= 10


def test_compression_is_bytes_over_bytes():
    t = some() + ['ñandú 电影 🎬']
    b = ' '.join(t).encode()
    assert compression_ratio(t) == len(b) / len(gzip.compress(b))


def test_telling_words_by_the_formula():
    t, y = some(80), [random.Random(i).choice('ab') for i in range(80)]
    t = [o + ' gold' if l == 'a' and i % 3 else o for i, (o, l) in enumerate(zip(t, y))]
    has = {l: Counter(w for o, k in zip(t, y) if k == l for w in set(words(o))) for l in 'ab'}
    n, all = {l: sum(c.values()) for l, c in has.items()}, has['a'] + has['b']

    def z(w, i, j, a0=500):
        a = a0 * all[w] / sum(all.values())
        odds = lambda l: math.log((has[l][w] + a) / (n[l] + a0 - has[l][w] - a))
        return (odds(i) - odds(j)) / math.sqrt(1 / (has[i][w] + a) + 1 / (has[j][w] + a))

    got = telling_words(t, y, z=-99, n=99)
    for _, o in got.iterrows():
        assert o.z == pytest.approx(z(o.word, o.label, 'b' if o.label == 'a' else 'a'))
    first = got[got.label == 'a'].iloc[0]
    assert (
        first.word == 'gold'
        and first.share == pytest.approx(sum('gold' in o for o in t) / y.count('a'))
        and first.others == 0
    )
    assert list(telling_words(t, y).word)[0] == 'gold'


@pytest.mark.parametrize('seed', range(5))
def test_stumps_against_all_that_there_are(seed):
    r = random.Random(seed)
    t, y = some(30, seed), [r.choice('abc') for _ in range(30)]

    def right(side):
        return sum(max(Counter(l for l, o in zip(y, side) if o == s).values(), default=0) for s in (True, False)) / 30

    best = best_word(t, y)
    assert best['accuracy'] == pytest.approx(max(right([w in words(o) for o in t]) for w in WORDS))
    assert right([best['word'] in words(o) for o in t]) == best['accuracy']
    n = [len(words(o)) for o in t]
    cut = best_length(t, y)
    assert cut['accuracy'] == pytest.approx(max(right([k <= c for k in n]) for c in range(10)))
    assert right([k <= cut['words'] for k in n]) == cut['accuracy']
    assert cut['baseline'] == best['baseline'] == max(Counter(y).values()) / 30


@pytest.mark.parametrize('k', [2, 3, 5, 14])
def test_near_duplicates_are_those_of_quality(k):
    t = some(400, k, k, 12) + ['', '?', 'One', 'one.', '电影很好', '电影很好！']
    rows = read_rows(pd.DataFrame(dict(text=t, label='x')))
    assert rows.near.tolist() == near_duplicates(t)


def test_near_rates():
    t = some(200, 3, 3, 6)
    y = [random.Random(i).choice('ab') for i in range(200)]
    near = near_duplicates(t)
    got = near_rate(t, y)
    assert got['all'] == near_rate(t) == sum(o >= 0 for o in near) / 200 > 0
    assert got['across'] == sum(o >= 0 and y[o] != y[i] for i, o in enumerate(near)) / 200 > 0
    assert got['within'] == pytest.approx(got['all'] - got['across'])


def test_openings_that_two_texts_share():
    t = ['a b c d e', 'A b, c d', 'a b c', 'a b c', 'x y z w', '']
    assert openings(t).values.tolist() == [['a b c d', 2, 2 / 6], ['a b c', 2, 2 / 6]]


def test_a_template_of_a_cell_does_not_leak():
    "The text tells the subtopic, and each subtopic has one label: a classifier that sees both sides is always right"
    r = random.Random(0)
    cells = [(f'cell{i}', r.choice('ab')) for i in range(40)]
    rows = [(f'{c} {r.choice(WORDS)} {r.choice(WORDS)}', l, c) for c, l in cells for _ in range(6)]
    t, y, g = zip(*rows)
    right = lambda p: np.mean([a == b for a, b in zip(p, y)])
    assert right(out_of_fold(t, y)) > 0.95
    assert right(out_of_fold(t, y, groups=g)) < 0.75
    df = pd.DataFrame(rows, columns=['text', 'label', 'subtopic'])
    assert report(df)['classifier'] < 0.75 < 0.95 < report(df.drop(columns='subtopic'))['classifier']


def test_a_sample_is_classified():
    t, y = some(120), ['a', 'b'] * 60
    p = out_of_fold(t, y, most=50)
    assert sum(o is not None for o in p) == 50 and set(p) == {'a', 'b', None}
    assert (p == out_of_fold(t, y, most=50)).all()


# --- the report
def test_what_it_measures_is_what_the_functions_say():
    df = frame(300)
    r = report(df)
    f = r.to_frame().set_index(['metric', 'label']).value
    t, y = df.text.tolist(), df.label.tolist()
    for label in ('', 'up'):
        own = t if not label else [a for a, b in zip(t, y) if b == label]
        for k, v in dict(
            rows=len(own),
            distinct_2=distinct(own, 2),
            distinct_3_of_1000=distinct(own, 3, 1000),
            ingf=ingf(own),
            openings=openings(own).share.sum(),
            words_mean=lengths(own)['words_mean'],
        ).items():
            if v == v:
                assert f[k, label] == pytest.approx(v), k
    assert f['vendi', ''] == pytest.approx(vendi(t)) and f['aps', ''] == pytest.approx(aps(t))
    assert f['near_dup_across', ''] == near_rate(t, y)['across']
    assert f['best_word', ''] == best_word(t, y)['accuracy'] and f['majority', ''] == best_word(t, y)['baseline']
    K, n = aps(t, y), Counter(y)
    w = {a: n[a] * (n[a] - 1) for a in n}
    assert f['aps_within', ''] == pytest.approx(sum(w[a] * K.loc[a, a] for a in n) / sum(w.values()))
    means = [np.mean([len(words(a)) for a, b in zip(t, y) if b == l]) for l in n]
    assert f['length_ratio', ''] == pytest.approx(max(means) / min(means))
    p = out_of_fold(t, y)
    assert f['classifier', ''] == pytest.approx(np.mean(p == np.array(y)))
    assert r.rows['classifier'] == list(np.flatnonzero(p != np.array(y)))
    assert r.told.to_numpy().sum() == 300 and np.trace(r.told) == round(300 * f['classifier', ''])


def test_verification_and_branches():
    df = frame(
        200,
        ('a', 'b'),
        source_type=['mail', 'chat'],
        topic=['x', 'y', 'z'],
        checked_label=['a', 'b', None, 'neither'],
        confidence=[0.5, 0.7],
    )
    r = report(df)
    asked = df[df.checked_label.notna()]
    assert r['verified'] == (asked.label == asked.checked_label).mean()
    assert r['confidence'] == pytest.approx(df.confidence.mean())
    assert df.iloc[r.rows['verified']].eval('label!=checked_label').all()
    assert list(r.checked.columns) == ['a', 'b', 'neither'] and r.checked.to_numpy().sum() == len(asked)
    assert any('not verified' in o for o in r.notes)
    b = branches(df).set_index(['label', 'source_type', 'topic'])
    assert b.sort_index().equals(r.branches.set_index(['label', 'source_type', 'topic']).sort_index())
    for k, g in df.groupby(['label', 'source_type', 'topic']):
        seen = g[g.checked_label.notna()]
        assert b.loc[k].rows == len(g)
        assert b.loc[k].agreement == pytest.approx((seen.label == seen.checked_label).mean())
        assert b.loc[k].openings == len({tuple(words(o)[:4]) for o in g.text}) / len(g)


def test_a_weak_branch_is_named():
    r = random.Random(0)
    rows = (
        [(' '.join(r.sample(WORDS, 8)), l, c) for l in 'ab' for c in ('x', 'y') for _ in range(20)]
        + [('the very same text again and again', 'a', 'z')] * 20
        + [('lonely words', 'b', 'z')]
    )
    b = report(pd.DataFrame(rows, columns=['text', 'label', 'topic'])).branches.set_index(['label', 'topic'])
    assert b.index[0] == ('a', 'z') and 'texts begin alike, near-duplicates' in b.why['a', 'z']
    assert b.why['b', 'z'] == 'few rows' and 'near' not in b.why['a', 'x']


def test_a_single_text_does_not_spoil_a_label():
    df = pd.DataFrame(
        [(f'number {i} {r} {i * 7}', l) for i, (r, l) in enumerate(zip(some(100, longest=5), ['alpha', 'omega'] * 50))],
        columns=['text', 'label'],
    )
    one, two = df.copy(), df.copy()
    one.loc[0, 'text'] = 'so alpha of you'
    two.loc[[0, 2], 'text'] = ['so alpha of you', 'this is alpha again']
    verdict = lambda d: report(d).to_frame().set_index(['metric', 'label']).verdict['names_label', 'alpha']
    assert (verdict(df), verdict(one), verdict(two)) == ('good', 'good', 'look')


@pytest.mark.parametrize('key', [line.key for line in report_lines().values() if line.better])
@pytest.mark.parametrize('label', ['', 'a'])
def test_a_verdict_goes_by_the_numbers_that_are_shown(key, label):
    "Good is what reads as within the aim, or without one as within the range; nothing else decides"
    line = report_lines()[key]
    baseline, rows = 0.5, {'': 300, 'a': 150}
    found = SimpleNamespace(baseline=baseline, values=dict(rows=rows))
    low, high = _shown_range(line, label, found, known_ranges())
    aim = shown_aim(line, label, baseline)
    bounds = [float(x) for x in (low, high, *([line.aim] if aim and not line.lift else [])) if x == x]
    values = {bound * factor for bound in bounds for factor in (0.5, 0.9, 0.99, 0.9999, 1, 1.0001, 1.01, 1.1, 2)}
    for value in sorted(values | {0.0, 1e-7, 0.0004, 0.01, 1.0}):
        is_single_text = label and value * rows[label] < 1.5
        if line.kind == 'share' and (is_single_text or value > 1):
            continue  # A single text is no reason to look
        grade = _judge_value(line, label, value, found, known_ranges())
        if not grade:
            assert not aim and low != low
            continue
        shown = format_value(value, line.kind)
        limits = dict(low=(-np.inf, high), high=(low, np.inf)).get(line.better, (low, high))
        if aim:
            edge = baseline + line.aim * (1 - baseline) if line.lift else line.aim
            limits = (-np.inf, edge) if line.better == 'low' else (edge, np.inf)
            assert format_value(edge, line.kind) in aim
        if key == 'length_ratio' and label:
            limits = 1 / line.aim, line.aim
        reads_like = shown in [format_value(limit, line.kind) for limit in limits if np.isfinite(limit)]
        is_within = limits[0] <= value <= limits[1] or reads_like
        assert (grade == 'good') == is_within, (value, limits, grade)


def test_a_report_names_what_decides():
    "A value in the range of real sets can miss its aim; the words and the page then tell the aim"
    df = frame(300)
    firsts = df.drop_duplicates('label')
    df.loc[firsts.index, 'text'] = firsts.text + ' so ' + firsts.label + ' of you'
    found = report(df)
    table = found.to_frame().set_index(['metric', 'label']).loc['names_label', '']
    assert table.real_low <= table.value <= table.real_high and table.verdict == 'look'
    assert re.search(r'look Texts that name their label: [\d.]+ %, aim ≤ 0\.5 %, real sets 0–', str(found))
    assert '<p class="aim">aim ≤ 0.5 %</p>' in found._repr_html_()
    assert 'aim ≤ 0.5 %' in compare(dict(one=found))._repr_html_()


def test_order_of_labels_and_a_label_without_texts():
    df = frame()
    df['label'] = pd.Categorical(df.label, ['up', 'level', 'down', 'sideways'])
    r = report(df)
    assert r.labels == ['up', 'level', 'down', 'sideways']
    f = r.to_frame()
    assert f[(f.metric == 'rows') & (f.label == 'sideways')][['value', 'verdict']].values.tolist() == [[0, 'bad']]
    assert 'sideways' in str(r) and 'sideways' in r.to_html()


def test_ranges_of_your_own_real_texts():
    df = frame(400)
    own = report(df, real=df).to_frame()
    ranged = own[own.real_low.notna() & (own.label == '')]
    assert (
        len(ranged) > 10
        and ((ranged.real_low <= ranged.value + 1e-9) & (ranged.value <= ranged.real_high + 1e-9)).mean() > 0.9
    )
    other = report(df).to_frame()
    assert not own.real_high.equals(other.real_high)
    with pytest.raises(ValueError, match='no frame'):
        report(df, real=[])


def test_every_value_has_a_line():
    "What is measured is described in report_lines.toml, and the other way round"
    df = frame(400, source_type=['mail'], topic=['x'], checked_label=['up', 'down'], confidence=[0.5])
    df['text'] += ' ' + df.text.str[::-1]
    found = measure(df)
    measure_likeness(found, Corpus(df['text'][:40]))
    assert set(found.values) == set(report_lines())
    for line in report_lines().values():
        assert line.kind in ('count', 'share', 'number') and line.better in ('', 'low', 'high', 'in')
        assert (line.aim is None) == np.isnan(line.far) and bool(line.advice) >= bool(line.better)


def test_the_kept_ranges_are_numbers_only():
    for table in known_ranges().values():
        assert set(table) <= set(report_lines())
        for by in table.values():
            for n, (low, high) in by.items():
                assert int(n) > 0 and isinstance(low, float) and low <= high


def test_side_by_side():
    a, b = report(frame()), report(frame(seed=1))
    c = compare(dict(one=a, two=b))
    assert c.to_frame().loc['aps', ['one', 'two']].tolist() == [a['aps'], b['aps']]
    assert 'one' in c._repr_html_() and c.to_html().startswith('<!doctype html>') and 'aps' in repr(c)
    for bad in ({}, [a], dict(a=frame()), None):
        with pytest.raises(ValueError, match='by name'):
            compare(bad)


# --- odd input
ODD = [
    '',
    ' ',
    '!!!',
    'a',
    'the',
    '\x00',
    '\n\n',
    '电影',
    '🎬🎬',
    'ﷺ',
    'é',
    'word ' * 3000,
    '1',
    'no\u200bspace',
    '\ud800',
    '$x^2$',
    '<b>',
    'a b c d e f g',
]


@pytest.mark.parametrize('seed', range(40))
def test_odd_frames_give_a_report(seed):
    r = random.Random(seed)
    n = r.choice([1, 2, 3, 5, 9, 30])
    df = pd.DataFrame(
        dict(
            text=[r.choice(ODD) if seed % 2 else ODD[seed % len(ODD)] for _ in range(n)],
            label=[r.choice(['a', 'b', '<i>', 3, True, '$y_', '_x'][: r.randint(1, 7)]) for _ in range(n)],
        ),
        dtype=object,
    )
    if seed % 3:
        df['topic'] = [r.choice(['t', None, float('nan'), 7]) for _ in range(n)]
    if seed % 4 == 0:
        df['subtopic'] = [r.choice('stuv') for _ in range(n)]
    if seed % 5 == 0:
        df['checked_label'] = [r.choice(['a', 'z', None]) for _ in range(n)]
    if seed % 5 == 1:
        df['confidence'] = [r.choice([0.4, None, 'high']) for _ in range(n)]
    df.index = [0] * n
    before = df.copy()
    with np.errstate(divide='raise', invalid='raise', over='raise'):
        rep = report(df)
    page = rep.to_html()
    assert str(rep) and page.encode()
    f = rep.to_frame()
    assert np.isfinite(f.value.astype(float)).all() and set(f.verdict) <= {'good', 'look', 'bad', ''}
    assert (f[f.verdict.isin(['look', 'bad'])].advice != '').all() and (
        f[~f.verdict.isin(['look', 'bad'])].advice == ''
    ).all()
    pd.testing.assert_frame_equal(df, before)


@pytest.mark.parametrize(
    'df,says',
    [
        (None, 'DataFrame'),
        ([1], 'DataFrame'),
        (pd.DataFrame(), 'no column'),
        (pd.DataFrame(dict(text=['a'])), "no column 'label'"),
        (pd.DataFrame(dict(text=[], label=[])), 'no rows'),
        (pd.DataFrame(dict(text=['a', None], label='x')), 'position 1'),
        (pd.DataFrame(dict(text=['a', b'b'], label='x')), 'make them strings'),
        (pd.DataFrame(dict(text=['a'], label=[None])), 'no label'),
        (pd.DataFrame(dict(text=['a'], label=[''])), 'no label'),
        (pd.DataFrame(dict(text=['a'], label=[pd.NA])), 'no label'),
        (pd.DataFrame(dict(text=['a'], label=[{'x': 1}])), 'several labels'),
        (pd.DataFrame([['a', 'b', 'x']], columns=['text', 'text', 'label']), '2 columns'),
        (pd.DataFrame([['a', 'x']], columns=pd.MultiIndex.from_tuples([('text', 1), ('label', 1)])), '2 levels'),
    ],
)
def test_what_cannot_be_measured_says_so(df, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        report(df)


def test_lists_that_do_not_fit():
    for f in (aps, best_word, best_length, near_rate, out_of_fold, telling_words):
        with pytest.raises(ValueError, match='3 texts but 2 labels'):
            f(['a', 'b', 'c'], ['x', 'y'])
    for f in (distinct, ingf, aps, vendi, openings, lengths, compression_ratio, near_rate):
        with pytest.raises(ValueError, match='list of texts'):
            f('text')
        with pytest.raises(ValueError, match='string'):
            f(['a', None])
        f([])
    assert (
        best_word([], []) is None
        and best_length([], []) is None
        and len(telling_words([], [])) == 0
        and len(out_of_fold([], [])) == 0
    )


# --- the page
HOSTILE = [
    '<img src=x onerror=alert(1)>',
    '</style></table></svg><script>alert(2)</script>',
    '"><b onclick="alert(3)">',
    '{{7*7}} ${7*7} $\\frac{1}{0}$',
    '&lt;i&gt;',
    '\u202eabc',
    'javascript:alert(4)',
    'x' * 400,
]


def hostile():
    r = random.Random(0)
    return pd.DataFrame(
        [
            (
                f'{r.choice(HOSTILE)} word{i % 5} more words here {r.choice(HOSTILE)}',
                HOSTILE[i % 3],
                r.choice(HOSTILE),
                r.choice(HOSTILE),
                r.choice(HOSTILE),
            )
            for i in range(120)
        ],
        columns=['text', 'label', 'source_type', 'topic', 'checked_label'],
    )


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.attrs = Counter(), set()

    def handle_starttag(self, tag, attrs):
        self.seen[tag] += 1
        self.attrs |= {k for k, _ in attrs}


def test_hostile_texts_are_only_text():
    r = report(hostile())
    for page in (r.to_html(), compare({HOSTILE[0]: r, HOSTILE[1]: r}).to_html()):
        tags = Tags()
        tags.feed(page)
        assert not {'script', 'img', 'iframe'} & set(tags.seen) and not any(k.startswith('on') for k in tags.attrs)
        assert page.count('</style>') == page.count('<style') and 'http://' not in re.sub(
            r'xmlns(:\w+)?="[^"]+"', '', page
        ).replace('http://www.w3.org', '')
    assert '&lt;img src=x' in r.to_html()


def test_text_that_is_marked_as_safe_is_escaped_too():
    text = Markup('we saw <i>this</i> film on a rainy day and it was so very good that we stayed for all of it')
    r = report(pd.DataFrame(dict(text=[text, text], label=[Markup('<i>a</i>')] * 2)))
    assert len(r.near) == 1 and '<i>this' not in r.to_html() and '<i>a</i>' not in r.to_html()


def test_the_page_in_a_browser(chrome, tmp_path):
    "Nothing runs, nothing is fetched, nothing is cut off"
    (tmp_path / 'r.html').write_text(report(hostile()).to_html(), encoding='utf-8')
    for width, scheme in ((1280, 'light'), (800, 'dark')):
        page = chrome.new_page(viewport=dict(width=width, height=900), color_scheme=scheme)
        asked, wrong = [], []
        page.on('request', lambda o: asked.append(o.url))
        page.on('dialog', lambda o: (wrong.append(o.message), o.dismiss()))
        page.on('pageerror', lambda o: wrong.append(str(o)))
        page.goto((tmp_path / 'r.html').as_uri())
        page.evaluate('document.querySelectorAll("details").forEach(o => o.open = true)')
        assert asked == [(tmp_path / 'r.html').as_uri()] and not wrong
        assert page.evaluate('document.documentElement.scrollWidth') <= width
        assert page.locator('.lines tr').count() > 20 and page.locator('svg').count() == 3
        page.close()


def test_the_terminal_gets_no_control_characters():
    df = frame(40)
    df['label'] = pd.Categorical(df.label, ['up', 'down', 'level', '\x1b[31mred'])  # without texts, so it is named
    r = report(df)
    assert '\x1b' not in str(r) and '[31mred' in str(r) and repr(r) == str(r)


def test_without_the_extra(monkeypatch):
    r = report(frame())
    with monkeypatch.context() as m:
        m.setitem(sys.modules, 'matplotlib', None)
        page = r.to_html()
        assert '<svg' not in page and 'syngen-nb[quality]' in page and 'Near-duplicates' in page
        with pytest.raises(ImportError, match=r'syngen-nb\[quality\]'):
            r.plots()
    monkeypatch.setitem(sys.modules, 'sklearn', None)
    for f in (lambda: report(frame()), lambda: aps(['a', 'b'])):
        with pytest.raises(ImportError, match=r'syngen-nb\[quality\]'):
            f()


def test_import_is_light():
    heavy = ['sklearn', 'scipy', 'matplotlib']
    p = python(f'import sys, syngen_nb.report, syngen_nb.report_page; print([o for o in {heavy} if o in sys.modules])')
    out, err = p.communicate(timeout=60)
    assert out.strip() == '[]', err


def test_plots_are_figures_by_name():
    df = frame(100).assign(checked_label='up')
    assert set(report(df).plots()) == {'lengths', 'classifier', 'verification'}
    many = pd.DataFrame(dict(text=some(200), label=[f'label {i % 20}' for i in range(200)]))
    assert set(report(many).plots()) == {'lengths'} and '<svg' in report(many).to_html()


def test_thousands_of_texts_take_seconds():
    "The benchmark measures it; this fails where something goes through all pairs"
    df = frame(4000, seed=5)
    df['text'] += [f' {i % 1777} {i % 1999}' for i in range(4000)]
    t = time.process_time()
    report(df).to_html()
    assert time.process_time() - t < 15
