"""Measure what an executor costs: the processor time that this process spends on a request, with and without one.

    python benchmarks/cluster.py [N]

The model answers at once, in two worker processes of dask on this machine, in a pool of two, or in this process. The
scheduler of dask runs in this process here, so its share is in the figure; on a cluster it is a process of its own."""

import logging
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor

import dask
from distributed import Client, LocalCluster
from own import Own

from syngen_nb import ShortWarning, Task, generate, get_model

TASK = Task('Classify the sentiment of a movie review', ['negative', 'positive'])


def measure(name, model, n):
    "Print the requests a second and the processor time of each."
    generate(TASK, 20, model=model, cache=':memory:', progress=False)  # Loads what is loaded once
    start, used = time.perf_counter(), time.process_time()
    df = generate(TASK, n, model=model, cache=':memory:', progress=False)
    seconds, cpu = time.perf_counter() - start, time.process_time() - used
    requests = df.attrs['syngen']['usage']['requests']
    print(f'{name}: {requests / seconds:,.0f} requests a second, {cpu / requests * 1000:.1f} ms of this process each')


def main(n):
    warnings.simplefilter('ignore', ShortWarning)  # Two processes of one seed write the same words
    measure('in this process', Own(), n)
    with ProcessPoolExecutor(2) as pool:
        measure('a pool of two', get_model(Own(), executor=pool), n)
    dask.config.set({'distributed.worker.multiprocessing-method': 'fork'})
    how = dict(n_workers=2, threads_per_worker=8, host='127.0.0.1', dashboard_address=None, memory_limit=0)
    with LocalCluster(**how, silence_logs=logging.CRITICAL) as cluster, Client(cluster) as client:
        measure('dask, two workers', get_model(Own(), executor=client.get_executor()), n)


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)
