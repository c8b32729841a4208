"""Record what must stay as it is: `python tests/golden/make.py`.

The files beside this script were made by the code before the redesign of version 0.2. Here, and only here, expected values
are copied from output: the question is whether anything changes. Make them again only when a change is wanted."""

import gzip
import json
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parent)]

from golden import facts  # noqa: E402
from golden.cases import CASES, dropped_texts, replayed, tree_forms  # noqa: E402

import syngen_nb  # noqa: E402
from syngen_nb import Cache  # noqa: E402


def frame_text(df):
    "Return a frame as text, its categories and attributes included."
    head = dict(dtypes={c: str(t) for c, t in df.dtypes.items()}, attrs=facts.attrs(df))
    head['dtypes'] = {c: 'text' if t in ('object', 'str', 'string') else t for c, t in head['dtypes'].items()}
    head['labels'] = list(df.label.cat.categories) if hasattr(df.label, 'cat') else None
    return json.dumps(head, ensure_ascii=False, sort_keys=True) + '\n' + df.to_csv(index=False, float_format='%.9g')


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
    rows = '\n'.join(json.dumps(row, ensure_ascii=False) for row in cache.rows())
    (HERE / 'answers.jsonl.gz').write_bytes(gzip.compress(rows.encode(), 9, mtime=0))
    write('public.json', dict(all=syngen_nb.__all__, signatures=facts.signatures(), keys=facts.model_keys()))
    write('estimates.json', facts.estimates())
    df = replayed()
    write('files.json', facts.files(df, Path(tempfile.mkdtemp())))
    write('scores.json', facts.scores(df))


if __name__ == '__main__':
    main()
