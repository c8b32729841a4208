"Keys, passwords, and servers that are not there"

import gc
import logging
import time
import traceback

import pytest
from fake_server import serve
from helpers import TASK, anthropic, check_exact, openai

from syngen_nb import Cache, Task, generate, get_model, grow, start
from syngen_nb.generate import text_run
from syngen_nb.local_model import LocalModel
from syngen_nb.models import ModelError
from syngen_nb.options import TextOptions

KEY, PASSWORD = 'sk-SECRET-4711-abcdef', 'hunter2-4711'
both = pytest.mark.parametrize('make', [openai, anthropic])


def chain(e):
    "An error, what it came from, and so on"
    todo, seen = [e], []
    while todo:
        o = todo.pop()
        if o is None or o in seen:
            continue
        seen.append(o)
        todo += [o.__cause__, o.__context__]
    return seen


def said(e):
    "All that could be shown of an error, its values included"
    out = [f'{o!s} {o!r} {o.args!r} {vars(o)!r}' for o in chain(e)] + traceback.format_exception(e)
    return ''.join(out + list(traceback.TracebackException.from_exception(e, capture_locals=True).format()))


@both
def test_wrong_key(make, cache, tmp_path, caplog, capfd):
    "A 401 stops at the first request, in the provider's words, and the key that the server says back is nowhere"
    caplog.set_level(logging.DEBUG)
    with serve(auth='right') as s:
        m = make(s, api_key=KEY)
        with pytest.raises(
            ModelError, match='Incorrect API key provided' if make is openai else 'invalid x-api-key'
        ) as e:
            generate(TASK, 60, model=m, cache=cache)
        assert s.count == 1 and e.value.kind == 'access' and '401' in str(e.value)
        run = start(TASK, 60, model=m, cache=cache)
        with pytest.raises(ModelError):
            run.result()
        gc.collect()  # an error that nobody fetched is logged when its task goes
        out, err = capfd.readouterr()
        for text in (
            said(e.value),
            repr(m),
            repr(m.key()),
            repr(run),
            repr(run.errors),
            repr(run.progress()),
            caplog.text,
            out,
            err,
        ):
            assert KEY not in text
        c = Cache(cache)
        c.export(tmp_path / 'x.jsonl')
        c.close()
        assert all(KEY.encode() not in p.read_bytes() for p in tmp_path.rglob('*') if p.is_file())


@both
def test_wrong_key_later(make, cache, tmp_path, caplog, capfd):
    "A key that is taken away with the tree already there stops within as many requests as go out at once"
    caplog.set_level(logging.DEBUG)
    with serve() as s:
        tax = grow(TASK, 3, 4, 2, model=make(s), cache=cache, progress=False)
    with serve(auth='right') as s:
        with pytest.raises(ModelError, match='API key|api-key') as e:
            generate(tax, 300, model=make(s, api_key=KEY, concurrency=6), cache=cache)
        time.sleep(0.2)
        gc.collect()
        assert 1 <= s.count <= 6
        out, err = capfd.readouterr()
        for text in (said(e.value), caplog.text, out, err):
            assert KEY not in text
        assert 'never retrieved' not in err + caplog.text


@both
def test_right_key_is_nowhere(make, cache, tmp_path, caplog, capfd):
    "A key that works leaves no trace either"
    caplog.set_level(logging.DEBUG)
    with serve(auth=KEY) as s:
        m = make(s, api_key=KEY)
        df = generate(TASK, 9, model=m, cache=cache)
        out, err = capfd.readouterr()
        for text in (repr(m), repr(m.key()), repr(df.attrs), caplog.text, out, err):
            assert KEY not in text
        c = Cache(cache)
        c.export(tmp_path / 'x.jsonl')
        c.close()
        assert all(KEY.encode() not in p.read_bytes() for p in tmp_path.rglob('*') if p.is_file())


@both
def test_password_in_the_address(make, cache, tmp_path, caplog, capfd):
    "A user's password in the base URL works, and is neither kept nor shown"
    caplog.set_level(logging.DEBUG)
    with serve() as s:
        url = (s.url if make is openai else s.root).replace('//', f'//anna:{PASSWORD}@')
        m = make(s, base_url=url)
        df = generate(TASK, 9, model=m, cache=cache)
        check_exact(df, 9)
        out, err = capfd.readouterr()
        for text in (repr(m), repr(m.key()), repr(df.attrs), caplog.text, out, err):
            assert PASSWORD not in text
        c = Cache(cache)
        c.export(tmp_path / 'x.jsonl')
        c.close()
        assert all(PASSWORD.encode() not in p.read_bytes() for p in tmp_path.rglob('*') if p.is_file())
        asked = s.count
        assert (
            generate(TASK, 9, model=make(s), cache=cache, progress=False).equals(df) and s.count == asked
        )  # the same server, so the same answers
    m = make(s, base_url=url, retries=0)
    del url  # this frame is part of the traceback
    with pytest.raises(ModelError) as e:
        generate(TASK, 9, model=m, cache=tmp_path / 'd.sqlite')
    assert PASSWORD not in said(e.value)


@both
def test_dead_server(make, cache):
    "A server that is not there is an error that says so, never an empty frame; for N rows and for a tree"
    with serve() as s:
        pass
    for work in (
        lambda **kw: generate(TASK, 60, **kw),
        lambda **kw: grow(TASK, 2, 2, 2, **kw),
        lambda **kw: start(TASK, 60, **{k: v for k, v in kw.items() if k != 'progress'}).result(),
    ):
        t = time.time()
        with pytest.raises(ModelError, match='cannot be reached .*; start the server, or check base_url='):
            work(model=make(s, retries=1), cache=cache, progress=False)
        assert time.time() - t < 8
    assert len(Cache(cache)) == 0


def test_dead_server_in_the_usual_time(cache, monkeypatch):
    """With the usual retries the error comes in well under a minute.

    The SDK waits half a second before it tries again, then twice as long each time. Here it waits a twentieth of that,
    so an error in two seconds stands for one in forty, and one retry too many of each job would be seen. Meanwhile the
    run says what it waits for."""
    import openai._base_client as sdk

    waits = [min(sdk.INITIAL_RETRY_DELAY * 2**i, sdk.MAX_RETRY_DELAY) for i in range(5)]
    assert sum(waits) < 20
    for name in ('INITIAL_RETRY_DELAY', 'MAX_RETRY_DELAY'):
        monkeypatch.setattr(sdk, name, getattr(sdk, name) / 20)
    with serve() as s:
        pass
    model = get_model('openai/fake', base_url=s.url)
    assert model.retries == len(waits)
    t = time.time()
    run = start(TASK, 60, model=model, cache=cache)
    while not run.progress()['doing'].endswith(f'{s.url} cannot be reached; trying again') and not run.done:
        time.sleep(0.01)
    assert not run.done  # Told before the last try
    with pytest.raises(ModelError, match='cannot be reached'):
        run.result()
    assert not run.progress()['doing']
    assert 0.75 * sum(waits) / 20 < time.time() - t < sum(waits) / 20 + 3


@pytest.mark.parametrize('n_topic', [1, 2])
def test_dead_server_with_a_tree(n_topic, cache):
    "The same when only texts are wanted, however few"
    with serve() as s:
        tax = grow(Task('Sort notes', ['Sea', 'Land']), 1, n_topic, 1, model=openai(s), cache=cache, progress=False)
    with pytest.raises(ModelError, match='cannot be reached'):
        generate(tax, 12, model=openai(s, retries=0), cache=cache, progress=False)


def test_only_500(cache):
    "A server that only fails is an error in its own words"
    with serve(faults={'500': 1}) as s, pytest.raises(ModelError, match='Internal server error'):
        generate(TASK, 60, model=openai(s, retries=0), cache=cache, progress=False)


def test_everything_turned_down(cache):
    "A provider that turns every request down is an error in its own words"
    with serve(fail_match='e') as s, pytest.raises(ModelError, match='turned down'):
        generate(TASK, 60, model=openai(s, retries=0), cache=cache, progress=False)


@pytest.mark.parametrize('after', [1, 40])
def test_server_dies(after, cache):
    "A server that dies in mid-run is an error, and finishing later keeps what was answered"
    with serve(die_after=after) as s:
        with pytest.raises(ModelError, match='The server died'):
            generate(TASK, 300, model=openai(s, retries=0), cache=cache, progress=False)
        done = [r['prompt'] for r in s.requests() if r['status'] == 200]
    assert len(done) == len(Cache(cache)) == after
    with serve(port=int(s.root.rsplit(':')[-1])) as s:  # it is up again
        check_exact(generate(TASK, 300, model=openai(s), cache=cache, progress=False), 300)
        assert not set(done) & {r['prompt'] for r in s.requests()}


def test_key_in_the_environment(monkeypatch, cache):
    "A key lying about never makes a paid model the default"
    for k in ('OPENAI_API_KEY', 'ANTHROPIC_API_KEY'):
        monkeypatch.setenv(k, KEY)
    assert isinstance(get_model(), LocalModel) and get_model().name == 'local'
    run = text_run(TASK, TextOptions(n_record_to_generate=9, cache=cache))
    assert run.model.name == 'local'


@both
def test_no_key(make, cache):
    "No key and no server of one's own: the error says which variable to set"
    name = make.__name__
    with pytest.raises(ModelError, match=f'{name.upper()}_API_KEY'):
        generate(TASK, 9, model=f'{name}/x', cache=cache, progress=False)


def test_short_key_leaves_the_words_alone(cache):
    "A key that is no secret, such as the 'none' of a server that wants none, does not garble what the provider says"
    with serve(fail_match='none of it') as s:
        with pytest.raises(ModelError, match="it says 'none of it'"):
            generate(
                Task('none of it', ['Sea', 'Land']),
                4,
                model=get_model('openai/none', base_url=s.url, retries=0),
                cache=cache,
                progress=False,
            )


@both
def test_key_with_a_line_break(make, cache):
    "A key copied with its line break works; one that cannot be a key is refused without being shown"
    with serve(auth=KEY) as s:
        check_exact(generate(TASK, 6, model=make(s, api_key=KEY + '\n'), cache=cache, progress=False), 6)
        with pytest.raises(ModelError, match='copy it again') as e:
            generate(TASK, 6, model=make(s, api_key='sk\n' + KEY), cache=':memory:', progress=False)
    assert KEY not in ''.join(f'{o!s}{o!r}' for o in chain(e.value))


def test_key_stays_with_its_provider(cache, monkeypatch):
    "The key in the environment is not sent to a server given by base_url, and the error says so"
    monkeypatch.setenv('OPENAI_API_KEY', KEY)
    with serve(auth=KEY) as s:
        with pytest.raises(ModelError, match='no key was sent'):
            generate(TASK, 6, model=get_model('openai/fake', base_url=s.url), cache=cache, progress=False)
        check_exact(
            generate(TASK, 6, model=get_model('openai/fake', base_url=s.url, api_key=KEY), cache=cache, progress=False),
            6,
        )


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        (dict(base_url=5), 'base_url must be the address of a server as text, .* not int'),
        (dict(base_url=False), 'base_url must be the address of a server as text, .* not bool'),
        (dict(base_url='http://127.0.0.1:99999/v1'), 'base_url is no address .Port out of range'),
        (dict(base_url='http://[::1'), 'base_url is no address .Invalid IPv6 URL'),
        (dict(timeout=0), 'timeout=0 must be a number of seconds above 0'),
        (dict(timeout=float('nan')), 'timeout=nan must be a number of seconds above 0'),
        (dict(retries=-1), 'retries must be a whole number of at least 0, not -1'),
        (dict(retries='five'), "retries must be a whole number of at least 0, not 'five'"),
        (dict(concurrency=2.5), 'concurrency must be a whole number of at least 1, not 2.5'),
        (dict(concurrency=None), 'concurrency must be a whole number of at least 1, not None'),
        (dict(max_tokens=0), 'max_tokens must be a whole number of at least 1, not 0; None sends no limit'),
        (dict(max_tokens=True), 'max_tokens must be a whole number of at least 1, not True; None sends no limit'),
    ],
)
def test_an_option_out_of_range_is_named_alone(options, said):
    with pytest.raises(ValueError, match=f'^{said}'):
        get_model('openai/fake', **options)
