"What `benchmarks/students.py` keeps, so that a run that was stopped goes on where it was"

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip('sklearn')
sys.path.insert(0, str(Path(__file__).parents[2] / 'benchmarks'))
from students import Store, predictions, sampled, stored_encode
from worth_table import Test as RealSet


def test_vectors_are_made_once(tmp_path):
    "Also by another process, and those that are there come back in the order asked for"
    asked = []

    def encode(texts):
        asked.extend(texts)
        return [[len(text), 1] for text in texts]

    stored_encode('mine', encode, Store(tmp_path / 's'))(['a', 'bb'])
    vectors = stored_encode('mine', encode, Store(tmp_path / 's'))(['ccc', 'a'])
    assert vectors.tolist() == [[3, 1], [1, 1]] and asked == ['a', 'bb', 'ccc']
    assert stored_encode('other', encode, Store(tmp_path / 's'))(['a']).tolist() == [[1, 1]] and asked[-1] == 'a'


def test_predictions_are_kept(tmp_path, monkeypatch):
    "A test set is sampled and cut; the second time nothing is trained, unless the rows differ"
    rows = pd.DataFrame(dict(text=['good ' * 400, 'bad', 'good'] * 4, label=['p', 'n', 'p'] * 4))
    test = sampled(RealSet(rows, ['n', 'p'], np.array([1, 0, 1] * 4), np.ones((2, 12))), 6)
    assert len(test.rows) == len(test.labels) == 6 and test.rows.text.str.len().max() <= 1000
    assert ['np'[number] for number in test.labels] == test.rows.label.tolist()
    store = Store(tmp_path / 's')
    df = pd.DataFrame(dict(text=['good', 'bad', 'so good', 'so bad'], label=['p', 'n', 'p', 'n']))
    said = predictions(df, test, 'tfidf', 10.0, None, store)
    assert said.tolist() == test.labels.tolist()
    monkeypatch.setattr('students.train', None)
    assert predictions(df, test, 'tfidf', 10.0, None, store).tolist() == said.tolist()
    with pytest.raises(TypeError):
        predictions(df.head(3), test, 'tfidf', 10.0, None, store)
