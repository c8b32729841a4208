"Render nbs/index.ipynb as README.md"
import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter

root = Path(__file__).parents[1]
_directive = re.compile(r'^#\|[^\n]*\n?', re.M)

def readme(path):
    "The notebook at `path` as Markdown, without its hidden cells"
    nb = nbformat.read(path, 4)
    nb.metadata['language_info'] = {'name': 'python'}  # else fences lose their language
    nb.cells = [c for c in nb.cells if not re.match(r'#\|\s*(hide|export|default_exp)\b', c.source)]
    for c in nb.cells: c.source = _directive.sub('', c.source).replace('](images/', '](nbs/images/')
    md,_ = MarkdownExporter().from_notebook_node(nb)
    md = md.replace('<!-- worth -->', '\n'.join((root/'benchmarks/worth/README.md').read_text(encoding='utf-8').splitlines()[2:]))  # as the benchmark wrote it
    head,_,rest = md.lstrip().partition('\n')
    return f'{head}\n\n<!-- Made from nbs/index.ipynb by tools/readme.py; edit it there -->\n{rest.rstrip()}\n'

if __name__=='__main__': (root/'README.md').write_text(readme(root/'nbs/index.ipynb'), encoding='utf-8')
