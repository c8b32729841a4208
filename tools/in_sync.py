"Fail if the exported modules or the README differ from what the notebooks give"
import filecmp, shutil, subprocess, sys, tempfile
from pathlib import Path

root = Path(__file__).parents[1]
sys.path.insert(0, str(root/'tools'))
from readme import readme

def main():
    old = Path(tempfile.mkdtemp())/'old'
    shutil.copytree(root/'syngen_nb', old, ignore=shutil.ignore_patterns('__pycache__'))
    subprocess.run([Path(sys.executable).with_name('nbdev-export')], cwd=root, check=True)
    names = sorted({p.relative_to(d) for d in (old, root/'syngen_nb') for p in d.rglob('*.py')})
    stale = [f'syngen_nb/{n}' for n in names if not ((old/n).exists() and (root/'syngen_nb'/n).exists() and filecmp.cmp(old/n, root/'syngen_nb'/n, shallow=False))]
    if (root/'README.md').read_text(encoding='utf-8')!=readme(root/'nbs/index.ipynb'): stale.append('README.md')
    shutil.copytree(old, root/'syngen_nb', dirs_exist_ok=True)  # as it was, so that a second run says the same
    shutil.rmtree(old.parent)
    if stale: sys.exit(f"Not in sync with the notebooks: {', '.join(stale)}. Run make notebooks and commit what it changes")
    print('Exports and README are in sync with the notebooks')

if __name__=='__main__': main()
