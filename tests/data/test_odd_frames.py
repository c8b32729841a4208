"Frames that pandas makes by accident: the right result, or an error that says what is wrong and what to do"

import io
import json

import numpy as np
import pandas as pd
import pytest

from syngen_nb import DataView, card, report, split, to_csv, to_hf, to_jsonl, to_parquet
from syngen_nb.duplicates import NearGroups

TEXTS = ['a cat sat here', 'the sea was calm', 'no rain at all today', 'she sold her old car']
HALF = 'half \ud83d'
PLAIN = pd.DataFrame(dict(text=TEXTS, label=['a', 'b'] * 2))
NOTES = dict(
    array=np.arange(3),
    frame=PLAIN,
    date=pd.Timestamp('2020-01-01'),
    series=pd.Series([1, 2]),
    nested={'a': [np.arange(2)]},
    number=np.int64(3),
)


def noted(name, df=PLAIN):
    df = df.copy()
    df.attrs['mine'] = NOTES[name]
    return df


def table(view):
    return json.loads(view.table._dt_args['data_json'], parse_constant=pytest.fail)


@pytest.mark.parametrize('name', NOTES)
def test_notes_of_any_kind(name):
    "What stands in attrs matters to nothing but Parquet, which keeps it as JSON"
    df = noted(name)
    assert len(table(DataView(df))) == 4
    assert card((df, noted(name)), health=False) == card((PLAIN, PLAIN), health=False)
    train, test = split(df, 0.5)
    assert (len(train), len(test)) == (2, 2) and list(train.attrs) == ['mine']
    assert to_jsonl(df) == to_jsonl(PLAIN) and to_csv(df, spreadsheet=True) == to_csv(PLAIN, spreadsheet=True)
    assert report(df).n == 4


@pytest.mark.parametrize(
    ('name', 'kept'),
    [
        ('array', [0, 1, 2]),
        ('series', [1, 2]),
        ('date', '2020-01-01 00:00:00'),
        ('nested', {'a': [[0, 1]]}),
        ('number', 3),
        ('frame', dict(text=TEXTS, label=['a', 'b', 'a', 'b'])),
    ],
)
def test_parquet_keeps_notes_as_plain_data(name, kept):
    pytest.importorskip('pyarrow')
    assert pd.read_parquet(io.BytesIO(to_parquet(noted(name)))).attrs == dict(mine=kept)


@pytest.mark.parametrize('notes', ['a text', 5, [1], np.arange(2), None])
def test_notes_under_the_key_of_this_package(notes):
    "Somebody else may use it: a frame with such notes says nothing of how it was made"
    df = PLAIN.copy()
    df.attrs['syngen'] = notes
    assert 'Nothing else is recorded' in card(df, health=False)
    assert DataView(df).bar.info['said'] == '4 texts'


TWICE = pd.concat([PLAIN, PLAIN[['label']]], axis=1)
NOTE_TWICE = pd.concat([PLAIN, pd.DataFrame(dict(n=[1, 2, 3, 4]))[['n', 'n']]], axis=1)
LEVELS = pd.concat({'x': PLAIN}, axis=1)


@pytest.mark.parametrize('write', [to_jsonl, to_parquet, card, to_hf])
@pytest.mark.parametrize(('df', 'name'), [(TWICE, 'label'), (NOTE_TWICE, 'n')])
def test_two_columns_of_one_name(write, df, name):
    with pytest.raises(ValueError, match=f"2 columns '{name}'.*(?i:rename)"):
        write(df)


@pytest.mark.parametrize('use', [to_csv, to_jsonl, to_parquet, card, to_hf, split, report])
def test_columns_of_two_levels(use):
    with pytest.raises(ValueError, match='columns of 2 levels.*droplevel'):
        use(LEVELS)


@pytest.mark.parametrize('use', [DataView, to_csv, to_jsonl, to_parquet, split, report])
@pytest.mark.parametrize('other', [PLAIN.text, [TEXTS], 'rows.csv'])
def test_no_frame(use, other):
    with pytest.raises(ValueError, match='DataFrame'):
        use(other)


@pytest.mark.parametrize(('df', 'n_columns'), [(TWICE, 3), (NOTE_TWICE, 4), (LEVELS, 2)])
def test_any_frame_can_be_looked_at(df, n_columns):
    view = DataView(df)
    assert [len(row) for row in table(view)] == [n_columns] * 4
    assert '<table' in view._html()


def test_values_that_json_does_not_know():
    "The page reads the table as JSON; a file of JSON lines keeps lists and numbers as such"
    df = PLAIN.assign(z=[1j, 2j, 3j, 4j], inf=[np.inf, 1, np.nan, -np.inf], when=pd.Timestamp('2020-01-01'))
    assert table(DataView(df))[0][2:] == ['1j', 'inf', '2020-01-01 00:00:00']
    odd = pd.DataFrame({7: [np.arange(2)], ('a', 1): [np.float64(0.5)], 'set': [{1}]}, dtype=object)
    assert json.loads(to_jsonl(odd)) == {'7': [0, 1], "('a', 1)": 0.5, 'set': '{1}'}


def test_parquet_has_no_type_for_it():
    pytest.importorskip('pyarrow')
    for column in ([1j, 2j, 3j, 4j], ['a', ['b'], 1, None], [10**30] * 4, [{'a': HALF}] * 4):
        with pytest.raises(ValueError, match=r"Parquet cannot hold the column 'z': .*astype\({'z': str}\)") as e:
            to_parquet(PLAIN.assign(z=pd.Series(column, dtype=object)))
        assert str(e.value).isprintable()


def test_parquet_that_pandas_can_read_again():
    "pandas cannot read the lists and records of Arrow's own types that it writes, nor write sparse columns"
    pa = pytest.importorskip('pyarrow')
    lists = pd.Series([[1, 2]] * 4, dtype=pd.ArrowDtype(pa.list_(pa.int64())))
    records = pd.Series([dict(a=1)] * 4, dtype=pd.ArrowDtype(pa.struct([('a', pa.int64())])))
    df = PLAIN.assign(lists=lists, records=records, sparse=pd.arrays.SparseArray([1, 0] * 2))
    back = pd.read_parquet(io.BytesIO(to_parquet(df)))
    assert [list(value) for value in back['lists']] == [[1, 2]] * 4
    assert back['records'].tolist() == [dict(a=1)] * 4 and back['sparse'].tolist() == [1, 0] * 2


def test_half_a_character(tmp_path):
    "A text that was cut in the middle of an emoji: � in files and tables, spelled out in JSON, and nothing fails"
    df = PLAIN.assign(note=pd.Series([HALF, 'b', None, 4], dtype=object), z=1)
    df.columns = pd.Index(['text', 'label', 'note', HALF], dtype=object)
    df['text'] = pd.Series([HALF, *TEXTS[1:]], dtype=object)
    assert table(DataView(df))[0] == ['half �', 'a', 'half �', 1]
    assert [json.loads(line)['text'] for line in to_jsonl(df).splitlines()] == df['text'].tolist()
    for spreadsheet in (False, True):
        to_csv(df, tmp_path / 'a.csv', spreadsheet=spreadsheet)
        assert pd.read_csv(tmp_path / 'a.csv', encoding='utf-8-sig')['text'][0] == 'half �'
    card(df, tmp_path / 'README.md', health=False)
    pytest.importorskip('pyarrow')
    back = pd.read_parquet(io.BytesIO(to_parquet(df.drop(columns='note'))))
    assert list(back) == ['text', 'label', 'half �'] and back['text'][0] == 'half �'


def test_split_by_odd_columns():
    topics = PLAIN.assign(topic=['x', 'y'] * 2)
    for df, by, said in [
        (pd.concat([topics, topics[['topic']]], axis=1), 'topic', "2 columns 'topic'"),
        (topics.assign(place=[['a']] * 4), 'place', 'single value'),
        (topics.assign(topic=[{'a': 1}] * 4), 'topic', 'single value'),
        (topics, ['topic'], 'cannot be grouped'),
    ]:
        with pytest.raises(ValueError, match=said):
            split(df, 0.5, by=by)
    assert len(split(NOTE_TWICE, 0.5)[1]) == 2  # A column that is not used does no harm


CODES = pd.DataFrame(dict(text=['12', 'NA', 'x'], label=['01', '1', '001'], topic=['1984', 'null', 'True']))


def test_files_with_codes_can_be_read_back(tmp_path):
    "The code that the card gives reads the very labels and texts"
    pytest.importorskip('pyarrow')
    text = card(CODES, health=False)
    code = text.split('## How to read the files')[1].split('```')[1].removeprefix('python')
    to_csv(CODES, tmp_path / 'rows.csv')
    to_jsonl(CODES, tmp_path / 'rows.jsonl')
    to_parquet(CODES, tmp_path / 'rows.parquet')
    found = {}
    for line in code.strip().splitlines()[2:]:
        exec('import pandas as pd\n' + line.replace("'rows", f"'{tmp_path}/rows"), found)
        assert found['df'].to_dict('list') == CODES.to_dict('list'), line


TEMPLATES = {
    'end': 'the same opening words in each and every single text here {i}',
    'middle': 'the order {i} came two days late and nobody at the shop could help me',
    'slot': 'as a fan of {slot} I must say number {i} was fine and I loved it from start to end and will see it again',
    'two': 'as a fan of {slot} I must say it was {part} and I loved it from start to end and will see it again with you',
}


@pytest.mark.parametrize('name', TEMPLATES)
def test_texts_of_one_template_are_not_all_compared(name, monkeypatch):
    "Three thousand texts make 4.5 million pairs; a split looks at few of them"
    n, looks = 3000, []
    are_near = NearGroups._are_near
    monkeypatch.setattr(NearGroups, '_are_near', lambda self, *two: looks.append(two) or are_near(self, *two))
    texts = [TEMPLATES[name].format(i=i, slot=f'slot{i % 9}', part=f'part{i % 70}') for i in range(n)]
    found = NearGroups(texts)
    found.join_all()
    assert len(looks) < 10 * n
    expected = {'end': 1, 'middle': n, 'slot': 9, 'two': 1}
    assert len({found.sets.root(i) for i in range(n)}) == expected[name]
