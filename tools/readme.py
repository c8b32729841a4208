"""Write what the notebooks and the benchmarks say as Markdown: `python tools/readme.py`.

    README.md           nbs/index.ipynb
    docs/modules.md     the title and the summary line of each notebook, floor by floor
    docs/benchmarks.md  its last part: the tables that `benchmarks/worth.py` wrote

`tools/in_sync.py` fails if one of them is out of date."""

import re
from pathlib import Path

import nbformat
from floors import FLOORS
from nbconvert import MarkdownExporter

ROOT = Path(__file__).parents[1]
DIRECTIVE = re.compile(r'^#\|[^\n]*\n?', re.M)
HIDDEN = re.compile(r'#\|\s*(hide|export|default_exp)\b')
TABLES = '<!-- The rest is benchmarks/worth/README.md, put here by tools/readme.py -->\n'
MODULES = """# Modules

<!-- Made from the notebooks by tools/readme.py -->

Each notebook is the source, the documentation and the tests of one module. A module imports only from floors that come
earlier in this list; `python tools/floors.py` prints the imports. Start with
[the quickstart](../nbs/tutorials/quickstart.ipynb), [the studio](../nbs/tutorials/studio.ipynb) or
[quality](../nbs/tutorials/quality.ipynb).
"""


def readme():
    "Return the index notebook as Markdown, without its hidden cells."
    nb = nbformat.read(ROOT / 'nbs/index.ipynb', 4)
    nb.metadata['language_info'] = {'name': 'python'}  # Without it, fences have no language
    nb.cells = [cell for cell in nb.cells if not HIDDEN.match(cell.source)]
    for cell in nb.cells:
        cell.source = DIRECTIVE.sub('', cell.source).replace('](images/', '](nbs/images/')
    text, _ = MarkdownExporter().from_notebook_node(nb)
    head, _, rest = text.lstrip().partition('\n')
    return f'{head}\n\n<!-- Made from nbs/index.ipynb by tools/readme.py; edit it there -->\n{rest.rstrip()}\n'


def modules():
    "Return the list of modules, floor by floor."
    notebooks = dict(summaries())
    text = MODULES
    for floor, names in FLOORS.items():
        text += f'\n## {floor}\n\n| module | what it does |\n|---|---|\n'
        for name in names.split():
            full = f'widgets.{name}' if floor == 'widgets' else name
            if full in notebooks:
                path, summary = notebooks[full]
                text += f'| [{full}](../{path}) | {summary} |\n'
    return text


def summaries():
    "Yield each module with the path of its notebook and its summary line."
    for path in sorted(ROOT.glob('nbs/**/[0-9]*.ipynb')):
        cells = nbformat.read(path, 4).cells
        module = re.search(r'#\|\s*default_exp\s+(\S+)', '\n'.join(cell.source for cell in cells))
        summary = re.search(r'^> (.+(?:\n> .+)*)', '\n'.join(cell.source for cell in cells[:3]), re.M)
        if module and summary:
            words = summary[1].replace('\n> ', ' ').replace('|', '\\|')
            yield module[1], (path.relative_to(ROOT).as_posix(), words)


def benchmarks():
    "Return docs/benchmarks.md with the tables as the benchmark wrote them."
    prose, mark, _ = (ROOT / 'docs/benchmarks.md').read_text(encoding='utf-8').partition(TABLES)
    _, _, tables = (ROOT / 'benchmarks/worth/README.md').read_text(encoding='utf-8').partition('\n')
    return prose + mark + re.sub(r'\n{3,}', '\n\n', tables)


PAGES = {'README.md': readme, 'docs/modules.md': modules, 'docs/benchmarks.md': benchmarks}


def main():
    for name, make in PAGES.items():
        (ROOT / name).write_text(make(), encoding='utf-8')


if __name__ == '__main__':
    main()
