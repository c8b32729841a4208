"""What `import syngen_nb` adds to `import pandas`, and whether it loads an SDK: medians over fresh processes, in turn."""
import subprocess, sys
from statistics import median

CODE = '''
import time, sys
t = time.perf_counter()
import pandas
p = time.perf_counter()
if len(sys.argv) > 1: import syngen_nb
print(p-t, time.perf_counter()-p, *[o for o in ('openai', 'anthropic', 'xllamacpp', 'genai_prices', 'huggingface_hub', 'IPython', 'ipywidgets', 'tqdm') if o in sys.modules])
'''
def run(*args):
    a, b, *sdk = subprocess.run([sys.executable, '-c', CODE, *args], capture_output=True, text=True, check=True).stdout.split()
    return float(a), float(b), sdk

def main(k=9):
    run('warm')
    runs = [run('with') for _ in range(k)]
    pandas, more = median(o[0] for o in runs), median(o[1] for o in runs)
    sdks = sorted({s for o in runs for s in o[2]})
    print(f'startup: pandas {pandas:.3f} s, syngen_nb {more:.3f} s more (median of {k}); ratio to 0.3 s {more/.3:.2f} (wanted: below 1); ratio to pandas {more/pandas:.2f}; SDKs loaded: {", ".join(sdks) or "none"}')

if __name__ == '__main__': main()
