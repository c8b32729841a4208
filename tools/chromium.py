"""Install Chromium for the tests in a browser, if there is none and this machine allows it.

    python tools/chromium.py

It uses apt-get, as root or with a sudo that asks no question. Without a browser it says that those tests are skipped;
with CI set, that is an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
from lab import find_chrome


def root():
    "What to put before a command for it to run as root, or None"
    if not hasattr(os, 'geteuid'):
        return
    if os.geteuid() == 0:
        return []
    sudo = ['sudo', '-n']
    if shutil.which('sudo') and not subprocess.run([*sudo, 'true'], stderr=subprocess.DEVNULL).returncode:
        return sudo


def install():
    sudo = root()
    if sudo is None or not shutil.which('apt-get'):
        return
    print('Installing Chromium for the tests in a browser ...', flush=True)
    for cmd in (['update'], ['install', '-y', 'chromium']):
        p = subprocess.run(
            [*sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', *cmd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if p.returncode:
            print(p.stdout[-2000:])


if __name__ == '__main__':
    if not find_chrome():
        install()
    if not find_chrome():
        said = 'There is no Chromium here and it cannot be installed'
        if os.environ.get('CI'):
            sys.exit(f'{said}; on CI no test may be skipped')
        print(f'{said}: TESTS IN A BROWSER ARE SKIPPED. Install Chromium or Chrome to run them.')
