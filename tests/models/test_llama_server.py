"The same job through llama.cpp's own server, which speaks OpenAI's protocol"

import subprocess
import sys
from dataclasses import replace

import pytest
from helpers import check_exact, needs_llama

from syngen_nb import DEFAULT, Task, Taxonomy, generate, get_model

pytestmark = needs_llama
CODE = """
import os, sys
os.environ |= dict(OMP_WAIT_POLICY='passive', GOMP_SPINCOUNT='1000')
import xllamacpp
p = xllamacpp.CommonParams()
p.model.path = sys.argv[1]
p.n_parallel, p.n_ctx, p.n_gpu_layers, p.verbosity, p.cache_ram_mib, p.port = 4, 4*1024, 0, 0, 0, 0
s = xllamacpp.Server(p)
print('at', s.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope='module')
def url(small):
    "A llama.cpp server with the small model and four slots, in a process of its own"
    p = subprocess.Popen(
        [sys.executable, '-c', CODE, str(small)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    line = ''
    while not line.startswith('at '):
        line = p.stdout.readline()
        assert line or p.poll() is None, 'the server did not start'
    yield line.split()[1]
    p.kill()
    p.communicate()


def test_job(url, cache):
    "Two subtopics and two rows through the openai SDK; structure only, since what so small a model says in chat would not pass the filters, and what it is shown it copies"
    short = replace(
        DEFAULT,
        per_call=1,
        unlabelled=False,
        show=(),
        max_tokens=dict(source_types=30, topics=30, subtopics=30, texts=60),
        max_length=dict(source_types=20, topics=20, subtopics=20, texts=60),
    )
    kw = dict(
        model=get_model('openai/small', base_url=f'{url}/v1', concurrency=4, temperature=0.8),
        prompts=short,
        cache=cache,
        rounds=12,
        filters=False,
        progress=False,
    )
    task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
    tax = Taxonomy(task)
    for label in tax.children():
        tax.add(tax.add(label, 'reviews'), 'acting')
    df = generate(tax, n_record_to_generate=2, n_source_type=1, n_topic=1, n_subtopic=1, **kw)
    check_exact(df, 2, task)
    u = df.attrs['syngen']['usage']
    assert u['requests'] >= 4 and u['tokens_in'] > 0 < u['tokens_out'] and u['failed'] == 0
    again = generate(tax, n_record_to_generate=2, n_source_type=1, n_topic=1, n_subtopic=1, **kw)
    assert again.equals(df) and again.attrs['syngen']['usage']['requests'] == 0
