"""Models whose requests are answered by the workers of an executor: threads, processes, loky, dask.

A fake model says what follows from the request alone, so the frame of a run on workers can be compared with that of a run
in this process. It notes in a folder which process has loaded it, and dies there when it is told to."""

import asyncio
import logging
import os
import pickle
import re
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from fakes import Writer
from helpers import TASK, check_exact, needs_llama

import syngen_nb.cache
from syngen_nb import Request, ShortWarning, Task, generate, get_model, grow, providers, start
from syngen_nb import executors as module
from syngen_nb.executors import OnExecutor, crew_of, pack
from syngen_nb.local_model import LocalModel
from syngen_nb.models import ModelError, ask

ROOT = Path(__file__).parents[2]

N = 40
PLAN = dict(n_record_to_generate=N, n_source_type=1, n_topic=2, n_subtopic=1)


class Noting(Writer):
    "Answers as `Writer`, notes in a folder which process loads it and how often it is asked, and dies when told to."

    concurrency = 4

    def __init__(self, folder, deadly=None, seconds=0.0):
        super().__init__()
        self.folder = folder
        self.deadly = deadly  # A process dies of each request for texts with this in its prompt
        self.seconds = seconds
        self.dies_after = 0

    def __setstate__(self, state):
        vars(self).update(state)
        self.note('loaded')

    def note(self, what):
        with open(self.folder / what, 'a') as file:
            file.write(f'{os.getpid()}\n')

    def noted(self, what):
        "Return how often each process has noted this."
        path = self.folder / what
        return Counter(int(line) for line in path.read_text().split()) if path.exists() else Counter()

    async def ask(self, request):
        self.note('asked')
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.deadly and self.deadly in request.prompt:
            os._exit(1)
        if self.is_to_die():
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().ask(request)

    def dies_once(self, after):
        "Let one process die in the middle of a run, when so many requests have come."
        self.dies_after = after
        (self.folder / 'to die').touch()
        return self

    def is_to_die(self):
        "Return whether this process is the one."
        if not self.dies_after or self.noted('asked').total() <= self.dies_after:
            return False
        try:
            (self.folder / 'to die').unlink()
        except FileNotFoundError:  # Another one was
            return False
        return True

    @property
    def has_died(self):
        return not (self.folder / 'to die').exists()


def rows(model, cache=':memory:', what=TASK, **more):
    return generate(what, model=model, cache=cache, progress=False, **PLAN | more)


@pytest.fixture(scope='module')
def plain():
    "The frame of a run in this process."
    return rows(Writer())


@pytest.fixture
def model(tmp_path):
    (tmp_path / 'notes').mkdir()
    return Noting(tmp_path / 'notes')


def forked():
    return ProcessPoolExecutor(2, mp_context=get_context('fork'))


def spawned():
    return ProcessPoolExecutor(2, mp_context=get_context('spawn'))


def loky():
    from loky import get_reusable_executor

    return get_reusable_executor(max_workers=2, timeout=20)


def check_same(df, plain):
    "The frame is that of a run in this process, but for the name of the model."
    check_exact(df, N)
    assert df.equals(plain)


slowly = [pytest.param(make, marks=pytest.mark.slow) for make in (spawned, loky)]  # Their processes import everything


@pytest.mark.parametrize('make', [lambda: ThreadPoolExecutor(3), forked, *slowly])
def test_each_executor_gives_the_same_frame(make, model, plain):
    "In its own processes, which load the model once each"
    with make() as executor:
        on_workers = get_model(model, executor=executor)
        check_same(rows(on_workers), plain)
        assert on_workers.concurrency == (3 if isinstance(executor, ThreadPoolExecutor) else 2)
    here = os.getpid()
    if isinstance(executor, ThreadPoolExecutor):
        assert set(model.noted('asked')) == {here} and not model.noted('loaded')
    else:
        assert here not in model.noted('asked')
        assert set(model.noted('loaded').values()) == {1}
        assert set(model.noted('asked')) == set(model.noted('loaded'))


@pytest.mark.parametrize('executor', [forked, slowly[1]])
def test_a_worker_that_dies_costs_nothing(executor, model, plain):
    "A broken pool is replaced, and what was on its way is sent again"
    on_workers = get_model(model.dies_once(after=10), executor=executor)
    df = rows(on_workers)
    assert model.has_died
    check_same(df, plain)
    usage = df.attrs['syngen']['usage']
    assert usage['retries'] >= 1 and usage['failed'] == 0
    on_workers.executor.shutdown()


def test_a_pool_is_replaced_by_one_like_it(model, plain):
    "Also if it was given as it is, and not as a function"
    with forked() as pool:
        on_workers = get_model(model.dies_once(after=10), executor=pool)
        check_same(rows(on_workers), plain)
    assert model.has_died
    assert on_workers.executor is not pool and on_workers.executor._max_workers == 2
    on_workers.executor.shutdown()


def test_an_executor_that_cannot_be_replaced(model):
    "The run ends at once, and says what to give"

    class Broken(ThreadPoolExecutor):
        def submit(self, *args):
            raise module.BrokenExecutor('gone')

    with pytest.raises(ModelError, match='give executor= a function that makes an executor') as caught:
        rows(get_model(model, executor=Broken(2)))
    assert caught.value.kind == 'access'


def test_a_request_that_kills_every_worker_is_given_up(model):
    "Its cell is named, and the others have all their texts"
    tree = grow(TASK, n_source_type=1, n_topic=2, n_subtopic=1, model=Writer(), cache=':memory:', progress=False)
    cell = tree.cells()[0]
    model.deadly = cell.name
    on_workers = get_model(model, executor=forked)
    with pytest.warns(ShortWarning):
        df = generate(tree, 36, model=on_workers, cache=':memory:', progress=False)
    on_workers.executor.shutdown()
    (short,) = df.attrs['syngen']['shortfall']
    assert cell.name in short['cell'] and short['got'] == 0
    assert 'workers die when they get this request (BrokenProcessPool' in short['error']
    assert len(df) == 36 and cell.id not in set(df.cell)  # The other cell of its label has written more


def test_when_all_requests_kill_the_run_ends(model):
    model.deadly = ' '
    on_workers = get_model(model, executor=forked)
    with pytest.raises(ModelError, match='too little memory'):
        rows(on_workers)
    on_workers.executor.shutdown()


def test_no_worker_for_long_ends_the_run(monkeypatch, model):
    "A cluster that lost its last worker keeps a request for ever"
    monkeypatch.setattr(module, 'LOOK_EVERY', 0.02)
    monkeypatch.setattr(module, 'PATIENCE', 0.1)
    there = {'tcp://a': 1}
    client = SimpleNamespace(asynchronous=False, nthreads=lambda: there)
    on_workers = OnExecutor(model, SimpleNamespace(submit=lambda *args: Future(), _client=client))
    there.clear()
    started = time.monotonic()
    with pytest.raises(ModelError, match='has had no worker for .* start workers and resume'):
        rows(on_workers)
    assert time.monotonic() - started < 3


def test_a_cancelled_future_is_sent_again(model):
    "As when a scheduler starts again; a request that the run itself stopped is not"
    n_sent = []

    def submit(function, *args):
        n_sent.append(args)
        if len(n_sent) > 1:
            return ThreadPoolExecutor(1).submit(function, *args)
        cancelled = Future()
        cancelled.cancel()
        cancelled.set_running_or_notify_cancel()
        return cancelled

    on_workers = OnExecutor(model, SimpleNamespace(submit=submit, max_workers=1))
    request = Request('go on "', how='continue')
    assert asyncio.run(ask(on_workers, request)).text
    assert len(n_sent) == 2 and n_sent[0][2] != n_sent[1][2]  # Dask would take equal calls for one


def test_an_executor_that_was_shut_down(model):
    with ThreadPoolExecutor(1) as executor:
        on_workers = get_model(model, executor=executor)
    with pytest.raises(ModelError, match='takes no requests .*after shutdown') as caught:
        rows(on_workers)
    assert caught.value.kind == 'access'


def test_a_run_goes_on_where_it_was_stopped(model, plain, cache):
    "The answers are in the cache of this process, and are not asked for again"
    model.seconds = 0.01
    with forked() as pool:
        on_workers = get_model(model, executor=pool)
        run = start(TASK, model=on_workers, cache=cache, **PLAN)
        while len(run.frame) < 10:
            time.sleep(0.005)
        run.stop()
        run.resume()
        check_same(run.result(), plain)
    n_asked = sum(model.noted('asked').values())
    check_same(rows(Writer(), cache), plain)  # The key is that of the model itself
    in_this_process = Writer()
    rows(in_this_process)
    assert n_asked <= in_this_process.asked + 2  # What was on its way at the stop may be asked twice


class Closed(Writer):
    async def ask(self, request):
        raise ModelError('no such account', 'access')


def test_errors_of_the_model_keep_their_kind():
    "They come from another process as they would from this one, and are not taken for a lost worker"
    with forked() as pool:
        on_workers = get_model(Closed(), executor=pool)
        with pytest.raises(ModelError, match='^no such account$') as caught:
            rows(on_workers)
        assert caught.value.kind == 'access' and on_workers.executor is pool


def test_a_parcel_holds_no_secret_and_no_weights():
    keyed = get_model('openai/x', api_key='sk-SECRET-4711', extra_headers={'X-Key': 'tok-4712-abcdef'})
    assert not any(secret in pickle.dumps(pack(keyed)) for secret in (b'SECRET', b'4712'))
    local = get_model('local/small')
    local._server, local._pool = b'weights' * 10**6, threading.Lock()
    assert len(pack(local).data) < 50_000
    assert repr(pack(keyed)) == "Parcel('openai/x')"
    parcel = pack(keyed)
    providers._left_behind.clear()  # As in another process
    reply = module.answer_on_worker(parcel, Request('rain'))
    assert 'leaves api_key, extra_headers behind' in str(reply.answer) and reply.answer.kind == 'access'


def test_slots_and_threads_of_a_worker(monkeypatch):
    "A pool divides the cores of the machine; what the user has set stays"
    monkeypatch.setattr(module, 'usable_cores', lambda: 8)
    with forked() as pool:
        model = get_model('local', executor=pool)
        assert (model.concurrency, model.crew.slots_each, model.crew.cores_each) == (2, 1, 4)
        sent = pickle.loads(model._shipment().data)
        assert (sent.concurrency, sent.threads, sent.key()) == (1, 4, model.key())
        assert pickle.loads(get_model('local', threads=3, executor=pool)._shipment().data).threads == 3
    assert get_model('local', executor=pool, concurrency=64).concurrency == 64


@pytest.mark.parametrize(
    ('executor', 'words'),
    [
        (object(), 'is no executor'),
        (SimpleNamespace(submit=print, get_executor=print), r'give executor=client.get_executor\(\)'),
        (SimpleNamespace(submit=print), 'give concurrency='),
        (lambda: SimpleNamespace(submit=print), 'give concurrency='),
        (lambda: None, 'is no executor'),
    ],
)
def test_what_is_no_executor_is_refused(executor, words):
    with pytest.raises(ValueError, match=words):
        get_model('local', executor=executor)


# ---- dask: a real scheduler and two real workers


@pytest.fixture(scope='module')
def client():
    """A client of a cluster on this machine.

    Its workers come from a fork server: a spawned one takes seconds to import the package. One that is forked from here,
    while another thread starts a program, keeps a pipe of that program open, and the thread waits for ever."""
    distributed = pytest.importorskip('distributed')
    dask = pytest.importorskip('dask')
    dask.config.set({'distributed.worker.multiprocessing-method': 'forkserver'})
    how = dict(n_workers=2, threads_per_worker=2, host='127.0.0.1', dashboard_address=None, memory_limit=0)
    with distributed.LocalCluster(**how, silence_logs=logging.CRITICAL) as cluster, distributed.Client(cluster) as it:
        yield it


def test_dask_gives_the_same_frame(client, model, plain):
    "Two workers, each with the model once, keep four requests on their way"
    on_workers = get_model(model, executor=client.get_executor())
    assert on_workers.concurrency == 4 and crew_of(client.get_executor()).slots_each == 2
    check_same(rows(on_workers), plain)
    loaded = model.noted('loaded')
    assert len(loaded) == 2 and set(loaded.values()) == {1}
    assert set(loaded) == set(model.noted('asked')) == set(client.run(os.getpid).values())


def test_dask_goes_on_without_a_worker(client, model, plain):
    "Killed in mid-run, with requests on it"
    before = set(client.run(os.getpid).values())
    df = rows(get_model(model.dies_once(after=10), executor=client.get_executor()))
    check_same(df, plain)
    assert model.has_died and df.attrs['syngen']['usage']['failed'] == 0
    client.wait_for_workers(2)
    assert len(set(client.run(os.getpid).values()) - before) == 1


def test_dask_gives_up_a_deadly_request(client, model, monkeypatch):
    "Dask sends it to four workers; here to one, to save time"
    client.wait_for_workers(2)
    monkeypatch.setattr(client.cluster.scheduler, 'allowed_failures', 0)
    model.deadly = 'deadly'
    on_workers = get_model(model, executor=client.get_executor())
    with pytest.raises(ModelError, match='workers die when they get this request .KilledWorker') as caught:
        asyncio.run(ask(on_workers, Request('deadly')))
    assert caught.value.kind == 'request'


class FakeRay(ModuleType):
    "As much of Ray as docs/scale.md uses; its tasks are threads."

    def __init__(self):
        super().__init__('ray')
        self.pool = ThreadPoolExecutor(2)
        self.init = lambda: None
        self.cluster_resources = lambda: {'CPU': 16.0}

    def remote(self, num_cpus):
        def decorate(function):
            def call(*args):
                future = self.pool.submit(function, *args)
                return SimpleNamespace(future=lambda: future)

            return SimpleNamespace(remote=call)

        return decorate


def a_cluster(client):
    "Return a module with clusters, as dask-jobqueue and dask-kubernetes have them, that stand for that of `client`."

    class Cluster:
        def __init__(self, **options):
            assert options

        def scale(self, jobs):
            assert jobs > 0

        def get_client(self):
            return SimpleNamespace(wait_for_workers=lambda n: None, get_executor=client.get_executor)

    return SimpleNamespace(SLURMCluster=Cluster, KubeCluster=Cluster)


@pytest.mark.filterwarnings('ignore')
def test_the_guide_runs_as_it_stands(client, server, tmp_path, monkeypatch):
    "A writer stands in for the embedded model, here and on the workers; addresses are those of this machine"
    writer = Writer(logprobs=20)
    monkeypatch.setattr(LocalModel, 'ask', lambda self, request: writer.ask(request))
    monkeypatch.setattr(module, 'pack', lambda model: pack(Writer(logprobs=20)))
    for name in ('dask_jobqueue', 'dask_kubernetes', 'dask_kubernetes.operator'):
        monkeypatch.setitem(sys.modules, name, a_cluster(client))
    monkeypatch.setitem(sys.modules, 'ray', FakeRay())
    page = (ROOT / 'docs/scale.md').read_text(encoding='utf-8')
    found = re.findall(r'^```python\n(.*?)^```', page, re.M | re.S)
    assert len(found) == page.count('```python') >= 7
    client.wait_for_workers(2)
    names, n_frames = {}, 0
    for number, snippet in enumerate(found):
        folder = tmp_path / str(number)  # A cache of its own, so that each way asks for all its rows
        monkeypatch.setattr(syngen_nb.cache, 'user_cache_path', lambda app, folder=folder: folder)
        code = snippet.replace('tcp://scheduler:8786', client.scheduler.address)
        code = code.replace('http://gpu-server:8000/v1', server.url)
        names.pop('df', None)
        exec(compile(code, '<docs/scale.md>', 'exec'), names)
        n_frames += len(names['df']) == 20
        if isinstance(names.get('client'), type(client)):
            names['client'].close()
    assert n_frames == len(found) and server.requests()
    names['model'].executor.shutdown()


@pytest.mark.slow
def test_the_table_of_the_guide_is_that_of_the_script(monkeypatch):
    "Prices change with the list; the ways, the times and the measured rates must not differ"
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    import scale

    def without_prices(text):
        return re.sub(r'\$[\d,.]+', '$', text)

    page = scale.PAGE.read_text(encoding='utf-8')
    assert without_prices(scale.with_table(page, scale.table())) == without_prices(page)


@pytest.mark.slow
@needs_llama
def test_the_embedded_model_on_dask(client, small, cache):
    "Its file is loaded by the workers, and never here"
    client.wait_for_workers(2)
    task = Task('Classify the sentiment of a movie review', ['negative', 'positive'])
    on_workers = get_model('local/small', executor=client.get_executor())
    how = dict(PLAN, n_record_to_generate=2, n_topic=1, rounds=12, cache=cache, progress=False)
    df = generate(task, model=on_workers, **how)
    check_exact(df, 2, task)
    assert on_workers.model._server is None and df.attrs['syngen']['usage']['requests'] >= 4
    assert generate(task, model='local/small', **how).equals(df)


class Billed(Noting):
    "Costs a cent for each thousand tokens"

    max_tokens = 100

    def price(self, tokens_in, tokens_out):
        return 1e-5 * (tokens_in + tokens_out)


def test_limits_of_a_model_hold_for_its_workers(model):
    "What a user has set is kept by this process, for all workers together"
    model.requests_per_minute, model.tokens_per_minute = 1800.0, 10**6
    with ThreadPoolExecutor(8) as pool:
        far = OnExecutor(model, pool)
        assert (far.requests_per_minute, far.tokens_per_minute) == (1800.0, 10**6)
        begin = time.monotonic()
        frame = rows(far, n_record_to_generate=12)
        n = model.noted('asked').total()
        assert len(frame) == 12 and n > 5
        assert time.monotonic() - begin > (n - 4) / 30


def test_a_cap_and_workers_that_die(tmp_path):
    "Each time that a request is sent counts: a worker may have had its answer before it died"
    (tmp_path / 'notes').mkdir()
    model = Billed(tmp_path / 'notes', deadly='Write')
    far = OnExecutor(model, forked, concurrency=1)
    plan = PLAN | dict(n_record_to_generate=3, n_topic=1)
    run = start(TASK, model=far, cache=':memory:', max_tokens_total=10**6, **plan)
    with pytest.warns(ShortWarning):
        assert not len(run.result())
    budget = run.budget
    n_deaths = model.noted('asked').total() - run.usage.requests
    assert n_deaths and budget.n_unknown == n_deaths and not budget.n_on_way
    assert budget.sum.total() == budget.spent + budget.unknown
    room = budget.spent.tokens + 3 * budget.unknown.tokens // (2 * n_deaths)  # For the tree, and for one death
    short = start(TASK, model=far, cache=':memory:', max_tokens_total=room, **plan)
    with pytest.warns(ShortWarning, match='Paused at the spending cap'):
        short.result()
    assert short.budget.n_unknown == 1 and short.budget.sum.total().tokens <= room
    short.stop()


def test_a_cap_on_dask(client, tmp_path, monkeypatch):
    "Dask sends again what nobody counts, so there is no cap; where it does not, each attempt counts"
    (tmp_path / 'notes').mkdir()
    model = Billed(tmp_path / 'notes').dies_once(after=10)
    client.wait_for_workers(2)
    with pytest.raises(ValueError, match="allowed-failures': 0"):
        start(TASK, model=get_model(model, executor=client.get_executor()), max_tokens_total=10**6, **PLAN)
    monkeypatch.setattr(client.cluster.scheduler, 'allowed_failures', 0)
    far = get_model(model, executor=client.get_executor())
    run = start(TASK, model=far, cache=':memory:', max_tokens_total=10**6, **PLAN)
    check_exact(run.result(60), N)
    n_unanswered = model.noted('asked').total() - run.usage.requests
    assert model.has_died and 1 <= n_unanswered <= run.budget.n_unknown <= 2 and not run.budget.n_on_way
    client.wait_for_workers(2)


def test_no_cap_where_workers_send_again(tmp_path):
    "A model behind an API sends a failed request again by itself, on the worker: no cap can hold there"
    with ThreadPoolExecutor(1) as pool:
        far = get_model('openai/x', executor=pool, price=(1, 2))
        with pytest.raises(ValueError, match='no spending cap sees it; leave out executor='):
            start(TASK, 20, model=far, cache=':memory:', max_dollars=1)
