"""Measure what `import syngen_nb` adds to `import pandas`, and whether it loads an SDK.

Prints medians over fresh processes. Python keeps the compiled code of modules in a folder of their own, also where
PYTHONDONTWRITEBYTECODE is set, since users import compiled modules."""

import os
import subprocess
import sys
import tempfile
from statistics import median

RUNS = 15
AIM = 0.3  # Seconds
SDKS = 'openai anthropic xllamacpp genai_prices huggingface_hub IPython ipywidgets tqdm'.split()
CODE = f"""
import time, sys
start = time.perf_counter()
import pandas
between = time.perf_counter()
import syngen_nb
end = time.perf_counter()
print(between - start, end - between, *[name for name in {SDKS} if name in sys.modules])
"""


def measure(compiled):
    "Return the seconds of both imports in a fresh process, and the SDKs that are then loaded."
    env = {name: value for name, value in os.environ.items() if name != 'PYTHONDONTWRITEBYTECODE'}
    env['PYTHONPYCACHEPREFIX'] = compiled
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, check=True, env=env)
    pandas, more, *sdks = done.stdout.split()
    return float(pandas), float(more), sdks


def main():
    with tempfile.TemporaryDirectory() as compiled:
        measure(compiled)  # The first process reads the files from disk and compiles them, and does not count
        runs = [measure(compiled) for _ in range(RUNS)]
    pandas = median(run[0] for run in runs)
    more = median(run[1] for run in runs)
    sdks = sorted({name for run in runs for name in run[2]})
    print(
        f'startup: pandas {pandas:.3f} s, syngen_nb {more:.3f} s more (median of {RUNS}); '
        f'ratio to 0.3 s {more / AIM:.2f} (wanted: below 1); ratio to pandas {more / pandas:.2f}; '
        f'SDKs loaded: {", ".join(sdks) or "none"}'
    )


if __name__ == '__main__':
    main()
