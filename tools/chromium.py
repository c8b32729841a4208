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


def prefix_for_root():
    "Return the words that make a command run as root, or None if that is not allowed."
    if not hasattr(os, 'geteuid'):  # Windows
        return None
    if os.geteuid() == 0:
        return []
    sudo = ['sudo', '-n']
    if shutil.which('sudo') and not subprocess.run([*sudo, 'true'], stderr=subprocess.DEVNULL).returncode:
        return sudo
    return None


def apt_get(prefix, *arguments):
    "Run apt-get without questions, and print the end of its output if it fails."
    done = subprocess.run(
        [*prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout[-2000:])


def install():
    "Install Chromium, if this machine allows it."
    prefix = prefix_for_root()
    if prefix is None or not shutil.which('apt-get'):
        return
    print('Installing Chromium for the tests in a browser ...', flush=True)
    apt_get(prefix, 'update')
    apt_get(prefix, 'install', '-y', 'chromium')


def main():
    if not find_chrome():
        install()
    if not find_chrome():
        problem = 'There is no Chromium here and it cannot be installed'
        if os.environ.get('CI'):
            sys.exit(f'{problem}; on CI no test may be skipped')
        print(f'{problem}: TESTS IN A BROWSER ARE SKIPPED. Install Chromium or Chrome to run them.')


if __name__ == '__main__':
    main()
