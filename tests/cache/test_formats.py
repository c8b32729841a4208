"Files of version 0.2 and of today: both answer, also at the same time; large ones open at once, and damage is noticed"

import asyncio
import os
import sqlite3
import tracemalloc
import zlib

import pytest
from fake_server import serve
from helpers import TASK, openai
from test_cache_file import a_cache, make_old

import syngen_nb.cache
from syngen_nb import Cache, generate
from syngen_nb.batches import APIBatches
from syngen_nb.cache import CacheError

OLD_GET = 'select answer from answers where series=? and draw=?'  # As version 0.2 asks
OLD_PUT = 'insert or ignore into answers values (?,?,?,?,?,?,?) returning 1'
FORMS = pytest.mark.parametrize('form', ['old', 'new'])


def fill(c, n, key='{:032x}'):
    "Store `n` different answers; the texts do not compress well"
    for i in range(n):
        text = ' '.join(str(zlib.crc32(f'{i} {j}'.encode())) for j in range(20))
        about = dict(
            cell=f'texts · Land · place {i % 7}',
            model='m',
            request=dict(instruction='Sort', prompt=f'Go {i}' + 100 * ' a long way'),
        )
        c.put(key.format(i), i % 3, dict(text=text), **about)


def test_both_versions_use_an_old_file(tmp_path):
    "What one stores the other one finds, and the file stays what it was"
    old = make_old(tmp_path / 'c.sqlite')
    old.execute(OLD_PUT, ('s', 0, 'topics', 'm', 'null', '{"text": "x"}', 1.0)).fetchall()
    c = Cache(tmp_path / 'c.sqlite')
    assert c.get('s', 0) == {'text': 'x'}
    c.put('s', 1, {'text': 'y'})
    assert old.execute(OLD_GET, ('s', 1)).fetchall() == [('{"text": "y"}',)]
    old.execute(OLD_PUT, ('s', 2, 'topics', 'm', 'null', '{"text": "z"}', 1.0)).fetchall()
    assert c.get('s', 2) == {'text': 'z'} and c.get_many([('s', i) for i in range(4)]).keys() == {
        ('s', 0),
        ('s', 1),
        ('s', 2),
    }
    assert c._do('pragma user_version') == [(1,)] and 'shrink()' in c._repr_html_()


def test_an_older_version_refuses_a_new_file(tmp_path):
    "It goes by the number in the header, and would find no table of its own"
    c = a_cache('new', tmp_path / 'c.sqlite')
    assert c._do('pragma user_version') == [(2,)] and 'shrink()' not in c._repr_html_()
    old = sqlite3.connect(tmp_path / 'c.sqlite')
    with pytest.raises(sqlite3.OperationalError, match='no such table'):
        old.execute(OLD_GET, ('s', 0))


def test_another_process_shrinks_the_file(tmp_path):
    "Who has it open goes on, an older version fails clearly, and answers are what they were"
    old = make_old(tmp_path / 'c.sqlite')
    c = Cache(tmp_path / 'c.sqlite')
    fill(c, 200)
    before = list(c.rows()), c.find(), c.info()['models']
    n_pages = c._do('pragma page_count')[0][0]
    Cache(c.path).shrink()
    assert c.get('0' * 32, 0) == before[1][0]['answer']
    assert (list(c.rows()), c.find(), c.info()['models']) == before and c.check() == 200
    c.put('s', 0, {'text': 'x'})
    assert len(Cache(c.path)) == 201 and c._do('pragma page_count')[0][0] < n_pages / 5
    with pytest.raises(sqlite3.OperationalError, match='no such table'):
        old.execute(OLD_PUT, ('s', 1, 'topics', 'm', 'null', '{"text": "x"}', 1.0))
    c.shrink()
    assert len(c) == 201


@FORMS
def test_a_full_disk_loses_nothing(form, tmp_path):
    "Neither storing nor shrinking leaves anything half done"
    c = a_cache(form, tmp_path / 'c.sqlite')
    fill(c, 50)
    c._do(f'pragma max_page_count={c._do("pragma page_count")[0][0]}')
    with pytest.raises(CacheError, match='full'):
        fill(c, 5000, key='more {}')
    if form == 'old':
        with pytest.raises(CacheError, match='full'):
            c.shrink()
    n = len(c)
    assert n >= 51 and c.check() == n and c.get('s', 0) == {'text': 'x'}
    c._do('pragma max_page_count=100000')
    fill(c, 60)
    assert len(c) == n + 10


def test_both_formats_export_the_same(tmp_path):
    "To the byte, whatever the keys look like"
    paths = []
    for form in ('old', 'new'):
        c = a_cache(form, tmp_path / f'{form}.sqlite')
        for key in ('{:032x}', 'KEY {}', '{:032X}', 'é{}'):
            fill(c, 20, key)
        paths.append(tmp_path / f'{form}.jsonl')
        c.export(paths[-1])
    assert paths[0].read_bytes() == paths[1].read_bytes() != b''
    same = len([i for i in range(20) if f'{i:x}'.isdigit()])  # Keys without letters are the same in both cases
    assert Cache(tmp_path / 'mine.sqlite').load(paths[0]) == len(Cache.replay(paths[0])) == 1 + 4 * 20 - same


@FORMS
def test_a_name_is_found(form, tmp_path):
    "Also if another one has the same checksum"
    c = a_cache(form, tmp_path / 'c.sqlite')
    fill(c, 20)
    assert zlib.crc32(b'plumless') == zlib.crc32(b'buckeroo')
    c.put('p', 0, {'text': 'p'}, cell='plumless')
    c.put('b', 0, {'text': 'b'}, cell='buckeroo')
    assert [row['series'] for row in c.find(cell='plumless')] == ['p']
    assert len(c.find(cell='texts · Land · place 3')) == 3 and c.find(cell='texts') == []
    assert len(list(c.rows(instruction='Sort'))) == 20 and list(c.rows(instruction='Other')) == []


@FORMS
def test_rows_are_those_of_the_beginning(form, tmp_path):
    "Others store meanwhile, and so does this process"
    c = a_cache(form, tmp_path / 'c.sqlite')
    fill(c, 30)
    other = Cache(c.path)
    found = 0
    for _ in c.rows():
        other.put(f'other {found}', 0, {'text': 'x'})
        c.put(f'mine {found}', 0, {'text': 'x'})
        found += 1
    assert found == 31 and len(c) == 31 * 3
    rows = Cache(':memory:')
    fill(rows, 3)
    for _ in rows.rows():
        rows.clear()
    assert len(rows) == 0


@FORMS
def test_an_export_holds_few_rows(form, tmp_path, monkeypatch):
    "Ten times the answers need no more memory, nor to load them again"
    monkeypatch.setattr(syngen_nb.cache, 'IN_ONE_PART', 10)

    def peak(n):
        c = a_cache(form, tmp_path / f'{n}.sqlite')
        with_big_texts = [
            dict(cell='texts', series=str(i), draw=0, model='m', answer=dict(text=f'{i:03}' * 700)) for i in range(n)
        ]
        c.load(with_big_texts)
        del with_big_texts
        tracemalloc.start()
        c.export(tmp_path / f'{n}.jsonl')
        Cache(tmp_path / f'{form} mine.sqlite').load(tmp_path / f'{n}.jsonl')
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # What is loaded once
    assert peak(300) < peak(30) + 100_000


@FORMS
def test_a_large_file_opens_unread_and_damage_is_noticed(form, tmp_path, monkeypatch):
    "A block in its middle is lost: the file opens, and what lay there is named"
    monkeypatch.setattr(syngen_nb.cache, 'SMALL', 0)
    c = a_cache(form, tmp_path / 'a.sqlite')
    fill(c, 300)
    c.close()
    data = bytearray((tmp_path / 'a.sqlite').read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = bytes(4096)
    (tmp_path / 'lost.sqlite').write_bytes(data)
    lost = Cache(tmp_path / 'lost.sqlite')
    damaged = 0
    for i in range(300):
        try:
            assert lost.get(f'{i:032x}', i % 3)
        except CacheError as error:
            assert 'lost.sqlite' in str(error)
            damaged += 1
    assert 0 < damaged < 300
    for use in (lost.check, lambda: lost.export(tmp_path / 'out.jsonl'), lambda: list(lost.rows())):
        with pytest.raises(CacheError, match='lost.sqlite'):
            use()


@FORMS
def test_a_copy_that_stopped_is_noticed_at_once(form, tmp_path, monkeypatch):
    monkeypatch.setattr(syngen_nb.cache, 'SMALL', 0)
    c = a_cache(form, tmp_path / 'a.sqlite')
    fill(c, 100)
    c.close()
    data = (tmp_path / 'a.sqlite').read_bytes()
    (tmp_path / 'part.sqlite').write_bytes(data[:-4096])
    with pytest.raises(CacheError, match='part.sqlite'):
        Cache(tmp_path / 'part.sqlite')
    assert len(Cache(tmp_path / 'a.sqlite')) == 101


def test_a_changed_byte_is_noticed(tmp_path):
    "A packed answer has a checksum. Whichever byte changes, the answer is right, or the error names it"
    c = a_cache('new', tmp_path / 'a.sqlite')
    fill(c, 2)
    found = c.find()
    noticed = 0
    rows = c._do('select id, answer from packed')
    for row, packed in rows:
        for place in range(len(packed)):
            changed = bytearray(packed)
            changed[place] ^= 16
            c._do('update packed set answer=? where id=?', bytes(changed), row)
            try:
                assert c.find() == found  # A bit that stands for nothing
            except CacheError:
                noticed += 1
        c._do('update packed set answer=? where id=?', packed, row)
    assert noticed >= sum(len(packed) for _, packed in rows) - len(rows)  # Bits to fill up the last byte of each


def test_no_answer_is_kept_after_it_was_cleared(tmp_path):
    "Nor what it had in common with others"
    c = Cache(tmp_path / 'c.sqlite')
    for model in ('a', 'b'):
        c.put(f's {model}', 0, {'text': f'secret of {model}'}, cell='texts', model=model, request={'prompt': 'say it'})
    other = Cache(c.path)
    assert other.get('s a', 0)
    c.clear('a')
    c.close()
    assert other.put('s a', 1, {'text': 'new'}, cell='texts', model='a') == {'text': 'new'}
    other.close()
    data = c.path.read_bytes()
    assert b'secret of a' not in data and b'secret of b' in data and len(c) == 2
    assert c.get('s a', 1) == {'text': 'new'} and c.check() == 2


@FORMS
def test_many_are_those_of_get(form, tmp_path, monkeypatch):
    monkeypatch.setattr(syngen_nb.cache, 'AT_ONCE', 7)
    c = a_cache(form, tmp_path / 'c.sqlite')
    fill(c, 20)
    fill(c, 20, 'key {}')
    keys = [(key.format(i), i % 4) for key in ('{:032x}', 'key {}') for i in range(22)]
    assert c.get_many(iter(keys)) == {key: c.get(*key) for key in keys if c.get(*key) is not None}
    assert len(c.get_many(keys)) == 2 * len([i for i in range(20) if i % 3 == i % 4])


def test_reading_looks_for_the_file_now_and_then(tmp_path, monkeypatch):
    "Within a moment it still answers from the file that is gone; then, and before a model is asked, from the new one"
    c = a_cache('new', tmp_path / 'c.sqlite')
    new = Cache(tmp_path / 'new.sqlite')
    new.put('s', 1, {'text': 'y'})
    new.close()
    monkeypatch.setattr(syngen_nb.cache, 'LOOK_EVERY', 1000)
    assert c.get('s', 1) is None
    os.replace(tmp_path / 'new.sqlite', tmp_path / 'c.sqlite')
    assert c.get('s', 1) is None

    async def pay():
        raise AssertionError('paid')

    with pytest.warns(UserWarning, match='deleted, emptied, moved or replaced'):
        assert asyncio.run(c.fetch('s', 1, pay)) == ({'text': 'y'}, False)
    os.replace(tmp_path / 'c.sqlite', tmp_path / 'away.sqlite')
    monkeypatch.setattr(syngen_nb.cache, 'LOOK_EVERY', 0)
    with pytest.warns(UserWarning, match='deleted, emptied, moved or replaced'):
        assert c.get('s', 0) == {'text': 'x'}


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no file locks')
def test_batches_in_a_file_of_version_0_2(tmp_path, monkeypatch):
    "An old cache takes answers out of batches too; a rewritten one has them, what waits, and what was spent"
    for name, seconds in dict(poll_seconds=0.02, gather_seconds=0.02).items():
        monkeypatch.setattr(APIBatches, name, seconds)
    path = tmp_path / 'old.sqlite'
    make_old(path).close()
    with serve(stable=True) as s:
        how = dict(model=openai(s, price=(1, 2), max_tokens=150), cache=path, batch=True, budget='b', max_dollars=5)
        first = generate(TASK, 12, progress=False, **how)
        spent, n = Cache(path).sums('b'), s.count
        assert generate(TASK, 12, progress=False, **how).equals(first)
        Cache(path).shrink()
        Cache(path).forget_outcomes()
        assert generate(TASK, 12, progress=False, **how).equals(first)
        assert s.count == n and Cache(path).sums('b') == spent
