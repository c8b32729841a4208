"A path that is no file, a file that goes, a disk that is read-only, a row that was damaged"

import asyncio
import errno
import multiprocessing
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest
from helpers import TASK

import syngen_nb.cache
from syngen_nb import Cache, Model, generate
from syngen_nb.answer_tables import APPLICATION_ID, PLAIN_SCHEMA, Row, pack
from syngen_nb.cache import CacheError

posix = pytest.mark.skipif(os.name == 'nt', reason='Windows has no pipes and no links for everybody')
SMALL = dict(n_source_type=1, n_topic=1, n_subtopic=1, sample_per_subtopic=2, filters=False, progress=False)
NEEDED = 1 + 3 + 3 + 3  # requests for SMALL and the three labels of TASK


class Counting(Model):
    "Counts what it is asked; each answer is another one"

    name = 'my/model'

    def __init__(self):
        self.asked = 0

    async def ask(self, req):
        self.asked += 1
        key = next(iter(req.schema['properties']['items']['items']['properties']))
        return str([{key: f'text number {self.asked} {i} of some length'} for i in range(3)]).replace("'", '"')


def a_pipe(path):
    os.mkfifo(path)


def a_device(path):
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip('only root makes devices')


def a_socket(path):
    import socket

    socket.socket(socket.AF_UNIX).bind(str(path))


def a_folder(path):
    path.mkdir()


@posix
@pytest.mark.parametrize('by_link', [False, True])
@pytest.mark.parametrize('make', [a_pipe, a_device, a_socket, a_folder])
def test_what_is_no_file_stays(make, by_link, tmp_path, monkeypatch):
    "Neither a cache, nor an export, nor a recording touches it or waits for it; nor through a link"
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    make(Path('odd.jsonl'))
    before = os.lstat('odd.jsonl')
    if by_link:
        Path('link.jsonl').symlink_to('odd.jsonl')
    path = tmp_path / ('link.jsonl' if by_link else 'odd.jsonl')
    c = Cache(':memory:')
    c.put('s', 0, {'text': 'x'}, model='m')
    for use in (Cache, c.export, Cache.replay, c.load):
        with pytest.raises(CacheError, match='folder|device|pipe'):
            use(path)
    assert os.lstat('odd.jsonl') == before and (not by_link or path.is_symlink())
    assert {p.name for p in tmp_path.iterdir()} <= {'odd.jsonl', 'link.jsonl', 'home'}


@posix
def test_a_folder_that_takes_no_file(tmp_path):
    "There is no file that could be moved away"
    (tmp_path / 'notes').write_text('no folder')
    for path in ('/proc/c.sqlite', tmp_path / 'notes' / 'c.sqlite'):
        with pytest.raises(CacheError, match='cannot be made .* Give a path in a folder that can be written to'):
            Cache(path)


@posix
def test_links_work(tmp_path):
    "A link stays a link: to a file, to an empty one, to nothing yet; a cache and an export go where it points"
    for name in ('empty', 'missing', 'folder/deep'):
        target, link = tmp_path / f'{name}.sqlite', tmp_path / f'to-{name.replace("/", "-")}'
        target.parent.mkdir(exist_ok=True)
        if name == 'empty':
            target.touch()
        link.symlink_to(target)
        Cache(link).put('s', 0, {'text': 'x'}, model='m')
        assert link.is_symlink() and len(Cache(target)) == len(Cache(link)) == 1
    (tmp_path / 'out').symlink_to(tmp_path / 'real.jsonl')
    Cache(link).export(tmp_path / 'out')
    assert (tmp_path / 'out').is_symlink() and len(Cache.replay(tmp_path / 'real.jsonl')) == 1
    (tmp_path / 'loop').symlink_to(tmp_path / 'loop')
    for path in (tmp_path / 'loop', tmp_path / 'a\0b'):
        with pytest.raises(CacheError, match='cannot be opened'):
            Cache(path)


@posix
@pytest.mark.parametrize('what', ['itself', 'by_link', 'another', 'another_database'])
def test_an_export_replaces_no_cache(what, tmp_path):
    "Answers were paid for; what the export would hold is less"
    c, path = Cache(tmp_path / 'c.sqlite'), tmp_path / 'other.sqlite'
    c.put('s', 0, {'text': 'x'})
    if what in ('itself', 'by_link'):
        path.symlink_to(c.path)
        path = c.path if what == 'itself' else path
    else:
        db = sqlite3.connect(path)
        db.execute('create table answers (text)')
        db.close()
        if what == 'another':
            path.unlink()
            Cache(path).close()
    before = path.read_bytes() if 'another' in what else None
    with pytest.raises(CacheError, match='is a cache and was left as it is'):
        c.export(path)
    assert c.check() == 1 and before in (None, path.read_bytes())
    assert c.export(tmp_path / 'a.jsonl') == c.export(tmp_path / 'a.jsonl') == 1


def test_an_open_cache_is_known_by_its_link(tmp_path):
    "To read it as a recording would take away the locks of SQLite"
    Cache(tmp_path / 'a.sqlite')
    (tmp_path / 'link.jsonl').symlink_to(tmp_path / 'a.sqlite')
    with pytest.raises(CacheError, match='it is a cache'):
        Cache.replay(tmp_path / 'link.jsonl')


def remove(path):
    for suffix in ('', '-wal', '-shm'):
        Path(f'{path}{suffix}').unlink(missing_ok=True)


def replaced(path):
    remove(path)
    Cache(path).close()


def replaced_at_once(path):
    "As a tool that restores a backup does it"
    backup = Cache(path.with_name('backup'))
    backup.put('other', 0, {'text': 'y'})
    backup.close()
    os.replace(path.with_name('backup'), path)


def other_process_counts(path):
    code = f'import sqlite3; print(sqlite3.connect({str(path)!r}).execute("select count(*) from packed").fetchone()[0])'
    return int(subprocess.run([sys.executable, '-ISc', code], capture_output=True, check=True).stdout)


GOES = dict(
    deleted=remove,
    deleted_without_its_log=lambda path: path.unlink(),
    moved=lambda path: path.rename(f'{path}.old'),
    moved_with_its_log=lambda path: [Path(f'{path}{o}').rename(f'{path}.old{o}') for o in ('', '-wal', '-shm')],
    folder_deleted=lambda path: shutil.rmtree(path.parent),
    folder_moved=lambda path: path.parent.rename(path.parent.with_name('away')),
    replaced=replaced,
    replaced_at_once=replaced_at_once,
    log_deleted=lambda path: Path(f'{path}-wal').unlink(),
    index_deleted=lambda path: Path(f'{path}-shm').unlink(),
    log_and_index_deleted=lambda path: [Path(f'{path}{suffix}').unlink() for suffix in ('-wal', '-shm')],
    emptied=lambda path: path.write_text(''),
    log_emptied=lambda path: Path(f'{path}-wal').write_text(''),
    moved_behind_a_link=lambda path: path.symlink_to(path.rename(f'{path}.old')),
)


@posix
@pytest.mark.parametrize('how', GOES)
def test_a_file_that_goes_while_open(how, tmp_path):
    "It is said, what was stored is there for the next session, and nothing is paid for twice"
    path = tmp_path / 'sub' / 'c.sqlite'
    c, m = Cache(path), Counting()
    c.put('before', 0, {'text': 'x'})
    GOES[how](path)
    with pytest.warns(UserWarning, match='while it was open'):
        df = generate(TASK, **SMALL, model=m, cache=c)
    assert m.asked == NEEDED
    new = Cache(path)
    assert generate(TASK, **SMALL, model=m, cache=new).equals(df) and m.asked == NEEDED
    n = NEEDED + 1 + (how == 'replaced_at_once')
    assert other_process_counts(path) == len(new) == n and new.get('before', 0) == {'text': 'x'}
    assert c._do('pragma integrity_check') == new._do('pragma integrity_check') == [('ok',)]


@posix
@pytest.mark.parametrize('how', ['log_deleted', 'index_deleted', 'log_and_index_deleted', 'moved_behind_a_link'])
def test_two_caches_of_a_file_that_loses_its_log(how, tmp_path):
    "Neither loses an answer to the other"
    path = tmp_path / 'c.sqlite'
    caches = Cache(path), Cache(path)
    for i in range(4):
        caches[i % 2].put('s', i, {'text': 'x'})
    GOES[how](path)
    with pytest.warns(UserWarning, match='while it was open'):
        for i in range(4, 8):
            caches[i % 2].put('s', i, {'text': 'x'})
    assert other_process_counts(path) == len(caches[0]) == len(caches[1]) == 8
    assert caches[0]._do('pragma integrity_check') == [('ok',)]


def puts_in_another_process(path, orders, told):
    "Store answers when told to; one order says that the file goes just after this process has looked for it"
    c = Cache(path)
    for i, sees in iter(orders.get, None):
        c._is_in_place = c._is_in_place if sees else lambda: True
        c.put('s', i, {'text': 'x'})
        del c._is_in_place
        told.put(i)
    c.close()


@posix
@pytest.mark.parametrize('how', [name for name in GOES if name not in ('emptied', 'log_emptied', 'folder_deleted', 'folder_moved')])
def test_a_file_that_goes_while_two_processes_write(how, tmp_path):
    "The log that is lost may get one more answer from the other process: it is not moved into the file of the first one"
    path = tmp_path / 'c.sqlite'
    context = multiprocessing.get_context('fork')
    orders, told = context.SimpleQueue(), context.Queue()
    Cache(path).close()
    other = context.Process(target=puts_in_another_process, args=(path, orders, told), daemon=True)
    other.start()
    c = Cache(path)
    for i in range(0, 300, 2):
        c.put('s', i, {'text': 'x'})
    orders.put((1, True))
    assert told.get(timeout=5) == 1
    GOES[how](path)
    with pytest.warns(UserWarning, match='while it was open'):
        c.put('s', 302, {'text': 'x'})
    orders.put((3, False))
    assert told.get(timeout=5) == 3
    c.put_all(Row('s', i, '', '', None, {'text': 'x'}, 0.0) for i in range(304, 600, 2))
    orders.put((5, True))
    assert told.get(timeout=5) == 5
    orders.put(None)
    other.join(10)
    assert {i for i in range(602) if c.get('s', i)} == {1, 3, 5, *range(0, 300, 2), *range(302, 600, 2)}
    c.close()
    assert Cache(path).check() == other_process_counts(path) == 302 + (how == 'replaced_at_once')


@posix
def test_a_log_that_is_emptied_while_two_use_it(tmp_path):
    "What only the log held is lost, and the error says so"
    c, other = Cache(tmp_path / 'c.sqlite'), Cache(tmp_path / 'c.sqlite')
    for i in range(300):
        (c, other)[i % 2].put('s', i, {'text': os.urandom(3_000).hex()})
    other.put('s', 300, {'text': 'x'})
    Path(f'{c.path}-wal').write_text('')
    with pytest.raises(CacheError, match='log of the cache .* was emptied while it was open, and answers in it are lost'):
        c.put('s', 301, {'text': 'y'})


@posix
def test_a_large_file_that_is_emptied(tmp_path):
    "What was moved from the log to the file before cannot be restored. The error says so"
    path = tmp_path / 'c.sqlite'
    c = Cache(path)
    c.put_all(Row('s', i, '', '', None, {'text': os.urandom(9_000).hex()}, 0.0) for i in range(300))
    c.close()
    c.put('s', 300, {'text': 'x'})
    path.write_text('')
    with pytest.raises(CacheError, match='emptied or replaced while it was open'):
        c.put('s', 301, {'text': 'y'})


@posix
def test_a_file_that_was_moved_is_whole(tmp_path):
    "Where it is now it holds what it held"
    path = tmp_path / 'c.sqlite'
    c = Cache(path)
    c.put('s', 0, {'text': 'x'})
    path.rename(tmp_path / 'moved.sqlite')
    with pytest.warns(UserWarning):
        c.put('s', 1, {'text': 'y'})
    assert Cache(tmp_path / 'moved.sqlite').get('s', 0) == {'text': 'x'}


@posix
def test_a_file_that_is_replaced_by_another(tmp_path):
    "A text is not overwritten; the error says what happened. The answers are there again with the file"
    path = tmp_path / 'c.sqlite'
    c = Cache(path)
    c.put('s', 0, {'text': 'x'})
    remove(path)
    path.write_text('my notes')
    with pytest.raises(CacheError, match='replaced while it was open.*not a syngen_nb cache'):
        c.put('s', 1, {'text': 'y'})
    assert path.read_text() == 'my notes'
    path.unlink()
    with pytest.warns(UserWarning):
        c.put('s', 1, {'text': 'y'})
    assert len(Cache(path)) == 2


def test_a_file_that_stays_says_nothing(tmp_path):
    c = Cache(tmp_path / 'c.sqlite')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for i in range(3):
            Cache(tmp_path / 'c.sqlite').put('s', i, {'text': 'x'})
            c.get('s', i)
        c.close()
        remove(tmp_path / 'c.sqlite')  # nobody has it open
        assert len(c) == 0


def read_as_another_user(path):
    "What cannot be done with a cache by a user who is not root; to be run in a forked process"
    if os.getuid() == 0:
        os.setuid(65534)
    c = Cache(path)
    assert c.get('s', 0) == {'text': 'x'} and len(c) == len(list(c.rows())) == 1 and not c.can_ask

    async def pay():
        raise AssertionError('paid')

    uses = (
        lambda: c.put('s', 1, {'text': 'y'}),
        c.clear,
        lambda: c.load([row | {'draw': 1} for row in c.rows()]),
        lambda: asyncio.run(c.fetch('s', 1, pay)),
    )
    for use in uses:
        with pytest.raises(CacheError, match='can only be read'):
            use()


def in_a_fork(function, *args):
    "Run `function` in a forked process, which a user other than root need not be able to start"
    pid = os.fork()
    if not pid:
        try:
            function(*args)
            os._exit(0)
        except BaseException as e:
            print(repr(e), file=sys.stderr, flush=True)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1]


@posix
@pytest.mark.parametrize('what', ['folder', 'file', 'both'])
def test_a_read_only_cache_answers(what):
    "A filled cache in a place that cannot be written to is read; nothing is paid for that could not be kept"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        c = Cache(folder / 'c #1?.sqlite')
        c.put('s', 0, {'text': 'x'}, model='m')
        c.close()
        c.path.chmod(0o644 if what == 'folder' else 0o444)
        folder.chmod(0o777 if what == 'file' else 0o555)
        assert in_a_fork(read_as_another_user, c.path) == 0
        assert what == 'file' or [p.name for p in folder.iterdir()] == [c.path.name]
        folder.chmod(0o755)


@posix
def test_a_read_only_disk(tmp_path, monkeypatch):
    "The same if the system says so of all files; answers that lie in the log only are not overlooked"
    c = Cache(tmp_path / 'c.sqlite')
    c.put('s', 0, {'text': 'x'})
    copy = tmp_path / 'disk'
    copy.mkdir()
    for suffix in ('', '-wal'):
        shutil.copy(f'{c.path}{suffix}', copy / f'c.sqlite{suffix}')
    real = syngen_nb.cache._database

    def on_the_disk(name, uri=False):
        db = real(name, uri)
        if 'immutable' not in name and 'disk' in name:
            db.close()

            class Refusing:
                def execute(self, sql):
                    raise syngen_nb.cache.sqlite3.OperationalError('unable to open database file')

                def close(self):
                    pass

            return Refusing()
        return db

    monkeypatch.setattr(syngen_nb.cache, '_database', on_the_disk)
    monkeypatch.setattr(syngen_nb.cache, 'can_write', lambda path: False)
    with pytest.raises(CacheError, match='c.sqlite-wal next to it'):
        Cache(copy / 'c.sqlite')


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    "What the system says is said"
    c = Cache(tmp_path / 'c.sqlite')
    error = OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr(c, '_open', lambda looks: (_ for _ in ()).throw(error))
    with pytest.raises(CacheError, match='No space left'):
        c.put('s', 0, {'text': 'x'})


DAMAGED = [
    '',
    '{"text": "ha',
    '[]',
    '3',
    'null',
    None,
    b'\xff\xfe',
    7,
    '{"text": null}',
    '{"text": ["a"]}',
    r'{"text": "\ud800"}',
    '{"lead": 1}',
    '{"logprobs": 3}',
    '{"logprobs": ["A"]}',
    '{"logprobs": [{"A": "high"}]}',
    '[' * 100_000,
]


def make_old(path):
    "Make an empty cache as version 0.2 does; return a connection to it"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f'pragma application_id={APPLICATION_ID}')
    db.execute('pragma user_version=1')
    db.execute(PLAIN_SCHEMA)
    db.execute('pragma journal_mode=wal')
    return db


def a_cache(form, path):
    "A cache with one answer, in a file of this version or of an older one"
    if form == 'old':
        make_old(path).close()
    c = Cache(path)
    c.put('s', 0, {'text': 'x'}, cell='topics', model='m', request={'prompt': 'p'})
    return c


def damage(c, answer):
    "Store something else in place of all answers"
    if c._do('pragma user_version') == [(1,)]:
        c._do('update answers set answer=?', answer)
        return
    for id, sample in c._do('select packed.id, sample from packed join kinds on kinds.id=kind'):
        stored = pack(answer, sample) if isinstance(answer, str) else answer
        c._do('update packed set answer=? where id=?', stored, id)


@pytest.mark.parametrize('form', ['old', 'new'])
@pytest.mark.parametrize('answer', DAMAGED, ids=lambda o: repr(o)[:20])
def test_a_damaged_answer_is_named(answer, form, tmp_path):
    c = a_cache(form, tmp_path / 'c.sqlite')
    damage(c, answer)
    uses = (
        lambda: c.get('s', 0),
        lambda: c.get_many([('s', 0)]),
        c.find,
        c.check,
        lambda: c.export(tmp_path / 'out.jsonl'),
    )
    for use in uses:
        with pytest.raises(CacheError, match=r'c\.sqlite'):
            use()
    assert not [p for p in tmp_path.iterdir() if 'out.jsonl' in p.name]


@pytest.mark.parametrize('form', ['old', 'new'])
def test_a_run_ends_at_a_damaged_answer(form, tmp_path):
    "It says so, and pays for nothing"
    if form == 'old':
        make_old(tmp_path / 'c.sqlite').close()
    c, m = Cache(tmp_path / 'c.sqlite'), Counting()
    generate(TASK, **SMALL, model=m, cache=c)
    damage(c, '{"text": "ha')
    with pytest.raises(CacheError, match=r'c\.sqlite'):
        generate(TASK, **SMALL, model=m, cache=c)
    assert m.asked == NEEDED


@pytest.mark.parametrize('change', ["request='{'", 'cell=null', "request='[]'", "model=x'ff'", 'draw=-1'])
def test_other_damage_is_named(change, tmp_path):
    c = a_cache('old', tmp_path / 'c.sqlite')
    c._do(f'update answers set {change}')
    for use in (c.find, lambda: list(c.rows()), c.shrink):
        with pytest.raises(CacheError, match='is damaged: draw .* cannot be read'):
            use()
    assert c._do('select count(*) from answers') == [(1,)]


@pytest.mark.parametrize('about', ['topics', 'topics\n{', 'topics\n[]', 'topics\n', '', b'', None, 7])
def test_other_damage_to_packed_rows_is_named(about, tmp_path):
    c = a_cache('new', tmp_path / 'c.sqlite')
    sample = c._do('select sample from kinds')[0][0]
    c._do('update packed set about=?', pack(about, sample) if isinstance(about, str) else about)
    for use in (c.find, lambda: list(c.rows())):
        with pytest.raises(CacheError, match='is damaged: draw 0 of s cannot be read'):
            use()


@pytest.mark.parametrize(
    'sql',
    [
        "update kinds set model=x'ff'",
        "update kinds set sample=x'ff'",
        "update kinds set sample='text'",
        'delete from kinds',
        'update packed set draw=-1',
        'update packed set kind=2',
    ],
)
def test_a_damaged_sample_is_named(sql, tmp_path):
    a_cache('new', tmp_path / 'c.sqlite').close()
    other = sqlite3.connect(tmp_path / 'c.sqlite', isolation_level=None)  # Without its foreign key
    other.execute(sql)
    other.close()
    c = Cache(tmp_path / 'c.sqlite')
    for use in (c.find, lambda: list(c.rows())):
        with pytest.raises(CacheError, match='is damaged: draw -?[01] of s cannot be read'):
            use()


@pytest.mark.parametrize('form', ['old', 'new'])
def test_a_missing_table_is_named(form, tmp_path):
    c = a_cache(form, tmp_path / 'c.sqlite')
    c._do('drop table ' + ('answers' if form == 'old' else 'packed'))
    for use in (len, lambda c: c.get('s', 0), lambda c: c.put('s', 0, {'text': 'x'}), lambda c: c.find('s')):
        with pytest.raises(CacheError, match='no such table'):
            use(c)
