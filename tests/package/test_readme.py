"""Every Python snippet of the README and of the guide runs, page by page, in order, as a reader would run them.

No key, weights or network are needed. The default cache holds the recording `reviews`, so that what the package has
recorded is replayed; what the recording does not hold comes from a stand-in for the embedded model. The addresses of
OpenAI, Anthropic and Ollama are those of a fake server. Names that no snippet has imported fail the test."""

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from fake_server import serve
from fakes import Writer
from packaging.requirements import Requirement

from syngen_nb import Cache
from syngen_nb.local_model import LocalModel

ROOT = Path(__file__).parents[2]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
GUIDE = (ROOT / 'docs/guide.md').read_text(encoding='utf-8')
OLLAMA = 'http://localhost:11434/v1'


def settings():
    config = ConfigParser(delimiters=['='])
    config.read(ROOT / 'settings.ini', encoding='utf-8')
    return config['DEFAULT']


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    "Answer every model that the README names; return the fake server's address."
    Cache().load('reviews')
    writer = Writer(logprobs=20)
    monkeypatch.setattr(LocalModel, 'ask', lambda self, request: writer.ask(request))
    real = 'text,label\n' + ''.join(
        f'A review number {i},{label}\n' for i in range(9) for label in ('negative', 'positive')
    )
    (tmp_path / 'real.csv').write_text(real, encoding='utf-8')
    monkeypatch.chdir(tmp_path)
    with serve() as server:
        for name, url in dict(OPENAI=server.url, ANTHROPIC=server.root).items():
            monkeypatch.setenv(f'{name}_BASE_URL', url)
            monkeypatch.setenv(f'{name}_API_KEY', 'a-key-of-a-test')
        yield server


def snippets(page):
    return re.findall(r'^```python\n(.*?)^```', page, re.M | re.S)


def run_snippets(page, ollama):
    "Run the snippets of a page in one namespace; return the names that they leave."
    names = {}
    for number, snippet in enumerate(snippets(page)):
        code = re.sub(r'^%pip .*$', '', snippet, flags=re.M).replace(OLLAMA, ollama)
        exec(compile(code, f'<snippet {number + 1}>', 'exec'), names)
    return names


@pytest.mark.filterwarnings('ignore')
def test_readme_runs(stand_ins, capsys):
    "Its first snippet prints what the README shows"
    names = run_snippets(README, stand_ins.url)
    shown = [
        f'    {line}\n'
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(('{', 'negative', 'positive'))
    ]
    assert len(shown) == 3 and ''.join(shown) in README
    assert list(names['rows'].label.cat.categories) == ['negative', 'positive']
    assert names['classifier'].predict(['I would watch it again', 'I fell asleep in the first half']).tolist() == [
        'positive',
        'negative',
    ]
    assert {row['path'] for row in stand_ins.requests()} == {'/v1/chat/completions', '/v1/messages'}


@pytest.mark.filterwarnings('ignore')
def test_guide_runs(stand_ins, capsys):
    names = run_snippets(GUIDE, stand_ins.url)
    assert '32\n' in capsys.readouterr().out
    assert 'plot summary' not in set(names['tax'].to_frame().topic)
    assert any(node.origin == 'errors' for node in names['better'].walk())
    assert names['rows'].origin.value_counts().to_dict() == dict(generated=40, annotated=4, real=18)
    assert names['result'].zero_shot['model'] == 'openai/gpt-5-mini'
    assert len(names['larger']) == 80 and {*names['run'].frame.text, *names['larger'].text} == {
        *names['every_row'].text
    }
    assert names['every_row'].text.is_unique and names['every_row'].label.dtype == names['larger'].label.dtype


def test_snippets_are_found():
    "A page whose fences changed would otherwise pass with nothing tested"
    assert len(snippets(README)) == README.count('```python') >= 6
    assert len(snippets(GUIDE)) == GUIDE.count('```python') >= 6
    assert OLLAMA in README
    assert 'Warning' not in README


def test_requirements_can_be_installed():
    "Each pip line names the repository, or says that it needs a release; its extras exist"
    git_url = settings()['git_url']
    lines = re.findall(r"pip install (?:-q )?'([^']+)'", README)
    assert len(lines) >= 3
    for line in lines:
        need = Requirement(line)
        assert need.name == settings()['lib_name'].replace('_', '-')
        assert all(f'{extra}_requirements' in settings() for extra in need.extras)
        assert need.url in (None, f'git+{git_url}')
    assert README.count(f'git+{git_url}') == 2


def test_links_lead_somewhere():
    "Files that the README and the pages of docs/ link to are there"
    for page in [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *(ROOT / 'docs').glob('*.md')]:
        for link in re.findall(r'\]\(([^)#]+)[^)]*\)', page.read_text(encoding='utf-8')):
            if '://' not in link and not link.startswith('mailto:'):
                assert (page.parent / link).exists(), f'{page.name} links to {link}'


def test_versions_agree():
    "settings.ini, the citation and the changes name one version"
    version = settings()['version']
    assert f'version: {version}\n' in (ROOT / 'CITATION.cff').read_text(encoding='utf-8')
    assert f'\n## {version}' in (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')
