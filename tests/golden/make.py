"""Record what must stay as it is: `python tests/golden/make.py`.

The files beside this script were made by the code before the redesign of version 0.2 (commit cb54178). Here, and
only here, expected values are copied from output: the question is whether anything changes. Make them again only when
a change is wanted.

`cases.py` and `rough.py` hold calls. Those of `rough.py` are made once with a model that answers, and once more from
the cache alone, where nothing may be asked. The second result is recorded, and all answers of the cache with it."""

import gzip
import json
import re
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from fakes import RoughWriter, SilentWriter  # noqa: E402
from golden import edits, faces, facts, rough  # noqa: E402
from golden.cases import CASES, dropped_texts, replayed, tree_forms  # noqa: E402

import syngen_nb  # noqa: E402
from syngen_nb import Cache  # noqa: E402


def frame_text(df):
    "Return a frame as text, its categories and attributes included."
    head = dict(dtypes={c: str(t) for c, t in df.dtypes.items()}, attrs=facts.attrs(df))
    head['dtypes'] = {c: 'text' if t in ('object', 'str', 'string') else t for c, t in head['dtypes'].items()}
    head['labels'] = list(df.label.cat.categories) if hasattr(df.label, 'cat') else None
    return json.dumps(head, ensure_ascii=False, sort_keys=True) + '\n' + df.to_csv(index=False, float_format='%.9g')


def run_text(run):
    "Return a finished run as text: what it gave, what it turned down, and what it lacks."
    result = run.result()
    said = dict(short=run.short(), usage=str(run.usage), stages=run.progress()['stages'], errors=run.errors)
    text = json.dumps(said, ensure_ascii=False) + '\n'
    if not hasattr(run, 'dropped'):
        return text + '\n'.join(edits.lines_of(result)) + '\n'
    return text + frame_text(result) + '--- dropped\n' + run.dropped.to_csv(index=False)


def silent(prompts=None, logprobs=0):
    "Return a model that must not be asked, called like a `RoughWriter`."
    return SilentWriter(RoughWriter(prompts, logprobs))


def rough_runs(cache, model):
    "Return the results of all rough cases, a name to its text."
    return {name: facts.quietly(lambda: run_text(case(cache, model))) for name, case in rough.CASES.items()}


def sections(name):
    "Return the parts of a recorded text file, a name to its text."
    parts = re.split(r'^=== (.*)\n', (HERE / name).read_text(encoding='utf-8'), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def write_sections(name, texts):
    "Write texts to one file, so that a change shows as a small difference."
    (HERE / name).write_text(''.join(f'=== {title}\n{text}' for title, text in texts.items()), encoding='utf-8')


def answers(name):
    "Return recorded answers, as `Cache.load` takes them."
    return [json.loads(line) for line in gzip.decompress((HERE / name).read_bytes()).decode().split('\n')]


def write_answers(name, cache):
    "Write all answers of a cache."
    rows = '\n'.join(json.dumps(row, ensure_ascii=False) for row in cache.rows())
    (HERE / name).write_bytes(gzip.compress(rows.encode(), 9, mtime=0))


def record_rough():
    "Record the runs with a model that does everything wrong."
    cache = Cache(':memory:')
    rough_runs(cache, RoughWriter)
    n = len(cache)
    with patch.object(Cache, 'can_ask', False):  # Else a list that ended in empty answers is asked for again
        write_sections('rough.txt', rough_runs(cache, silent))
    assert len(cache) == n, 'The second time something was asked'
    write_answers('rough.jsonl.gz', cache)


def record_faces():
    "Record trees after each edit, and what is public."
    trees = facts.quietly(edits.tree_lines, Cache(':memory:'))
    write_sections('edits.txt', {name: ''.join(f'{line}\n' for line in lines) for name, lines in trees.items()})
    write('faces.json', facts.quietly(faces.all_of_it, Path(tempfile.mkdtemp())))


def write(name, data):
    (HERE / name).write_text(json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + '\n', encoding='utf-8')


def main():
    cache = Cache(':memory:')
    frames = {name: frame_text(facts.quietly(case, cache)) for name, case in CASES.items()}
    frames['dropped'] = frame_text(facts.quietly(dropped_texts, cache))
    frames['replayed'] = frame_text(replayed())
    (HERE / 'frames.txt').write_text(''.join(f'=== {name}\n{text}' for name, text in frames.items()), encoding='utf-8')
    write('trees.json', facts.quietly(tree_forms, cache))
    studio = facts.quietly(facts.studio_with, Cache(':memory:'))
    time.sleep(0.5)
    write('studio.json', json.loads(studio.save()))
    (HERE / 'studio_code.txt').write_text(studio.code(), encoding='utf-8')
    (HERE / 'studio_frame.txt').write_text(frame_text(studio.df), encoding='utf-8')
    write_answers('answers.jsonl.gz', cache)
    write('public.json', dict(all=syngen_nb.__all__, signatures=facts.signatures(), keys=facts.model_keys()))
    write('estimates.json', facts.estimates())
    df = replayed()
    write('files.json', facts.files(df, Path(tempfile.mkdtemp())))
    write('scores.json', facts.scores(df))
    record_rough()
    record_faces()


if __name__ == '__main__':
    main()
