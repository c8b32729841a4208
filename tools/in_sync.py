"Fail if the exported modules, the README or the pages of docs/ differ from what the notebooks give."

import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / 'tools'))
from readme import PAGES

PACKAGE = ROOT / 'syngen_nb'


def stale_modules(old):
    "Export, and return the modules that differ from their copies in `old`."
    subprocess.run([Path(sys.executable).with_name('nbdev-export')], cwd=ROOT, check=True)
    names = sorted({path.relative_to(folder) for folder in (old, PACKAGE) for path in folder.rglob('*.py')})
    return [f'syngen_nb/{name}' for name in names if not same(old / name, PACKAGE / name)]


def same(one, other):
    "Return whether both files are there and are equal."
    return one.exists() and other.exists() and filecmp.cmp(one, other, shallow=False)


def stale_pages():
    "Return the pages that are not what `tools/readme.py` would write."
    return [name for name, make in PAGES.items() if (ROOT / name).read_text(encoding='utf-8') != make()]


def main():
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / 'old'
        shutil.copytree(PACKAGE, old, ignore=shutil.ignore_patterns('__pycache__'))
        stale = stale_modules(old) + stale_pages()
        shutil.copytree(old, PACKAGE, dirs_exist_ok=True)  # Put back, so that a second run says the same
    if stale:
        sys.exit(f'Not in sync with the notebooks: {", ".join(stale)}. Run make notebooks and commit the changes')
    print('Exports, README and docs are in sync with the notebooks')


if __name__ == '__main__':
    main()
