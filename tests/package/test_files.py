"Files that stand for work: written whole or not at all, and never what is no file"

import os
import stat

import pandas as pd
import pytest

from syngen_nb import Cache, Studio, Task, Taxonomy, card, files, to_csv, to_jsonl, to_parquet

HALF = 'half \ud83d of one'
FRAME = pd.DataFrame(dict(text=['Good', 'Bad'], label=['a', 'b']))


def writers(text):
    "What writes a file, with `text` somewhere in it"
    df = FRAME.assign(text=pd.Series([text] * 2, dtype=object))
    tree = Taxonomy(Task('Sort notes', ['a', 'b']))
    tree.add(('a',), text)
    return dict(
        csv=lambda path: to_csv(df, path),
        jsonl=lambda path: to_jsonl(df, path),
        parquet=lambda path: to_parquet(df, path),
        spreadsheet=lambda path: to_csv(df, path, spreadsheet=True),
        tree=tree.save,
    )


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig'])
def test_half_of_a_character_leaves_the_old_file(encoding, tmp_path):
    path = tmp_path / 'rows'
    path.write_text('old')
    with pytest.raises(ValueError, match='half of a character'):
        files.write_whole(path, HALF, encoding)
    assert path.read_text() == 'old' and not list(tmp_path.glob('.*'))


def test_a_full_disk_leaves_the_saved_studio(tmp_path, monkeypatch):
    studio, path = Studio(Task('Sort notes', ['a', 'b'])), tmp_path / 'studio.json'
    studio.save(path)
    before = path.read_text()

    def break_off(file, data):
        with file.open('wb') as half:
            half.write(data[:10])
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('pathlib.Path.write_bytes', break_off)
    with pytest.raises(OSError, match='No space'):
        studio.save(path)
    assert path.read_text() == before and not list(tmp_path.glob('.*'))


def test_pipes_and_devices_are_refused_by_all_that_write_or_read(tmp_path):
    pipe, link = tmp_path / 'pipe', tmp_path / 'link'
    os.mkfifo(pipe)
    link.symlink_to('/dev/full')
    studio = Studio(Task('Sort notes', ['a', 'b']))
    readers = dict(studio=Studio.load, read_tree=Taxonomy.load)
    others = dict(card=lambda path: card(FRAME, path=path), save=studio.save)
    for use in [*writers('x').values(), *readers.values(), *others.values()]:
        for path in (pipe, link):
            with pytest.raises(ValueError, match='device or a pipe'):
                use(path)
    assert stat.S_ISFIFO(pipe.stat().st_mode) and link.is_symlink()


@pytest.mark.parametrize('is_open', [True, False])
def test_no_cache_is_replaced(is_open, tmp_path):
    "By a path that was given twice; the locks of an open one stay, so another process cannot write meanwhile"
    cache = Cache(tmp_path / 'c.sqlite')
    cache.put('s', 0, {'text': 'x'})
    if not is_open:
        cache.close()
    studio = Studio(Task('Sort notes', ['a', 'b']))
    for use in [*writers('x').values(), lambda path: card(FRAME, path=path), studio.save]:
        with pytest.raises(ValueError, match='a cache or another database; it was left as it is'):
            use(cache.path)
    assert cache.check() == 1


def test_a_link_and_the_rights_of_a_file_stay(tmp_path):
    file, link = tmp_path / 'rows', tmp_path / 'link'
    file.write_text('old')
    file.chmod(0o640)
    link.symlink_to(file)
    to_jsonl(FRAME, link)
    assert link.is_symlink() and stat.S_IMODE(file.stat().st_mode) == 0o640 and len(file.read_text()) > 10
    with pytest.raises(FileNotFoundError, match='no folder'):
        files.write_whole(tmp_path / 'none' / 'rows', 'x')


@pytest.mark.parametrize('kept', ['rows', '.'])
def test_what_can_only_be_read_is_left_alone(kept, tmp_path, monkeypatch):
    file = tmp_path / 'rows'
    if kept == 'rows':
        file.write_text('old')
    locked = (tmp_path / kept).resolve()
    monkeypatch.setattr('os.access', lambda path, mode: path != locked)  # A test that runs as root may write anywhere
    with pytest.raises(PermissionError, match='rows cannot be written to'):
        files.write_whole(file, 'new')
    assert not file.exists() or file.read_text() == 'old'
