"""What generated rows are worth: train on them, test on real rows.

    python benchmarks/worth.py run DATA [--model local/small] [--n 300] [--sets imdb,…] [--arms METHOD,…] [--seeds 0,1,2]
    python benchmarks/worth.py table DATA

`run` writes the rows of each arm (hours on two cores), `table` scores them. DATA is the folder with the test sets (`imdb.csv.gz` and so on: columns text, label). What was written
is kept in `benchmarks/worth/`, so the table can be made again without a model, and a run that was stopped goes on where it was; answers are cached too
(`SYNGEN_WORTH_CACHE`, by default `worth.sqlite` beside the rows; not committed). Test rows are for scoring only."""
import argparse, os, sys, time, warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from syngen_nb import METHOD, Cache, Label, Task, Taxonomy, generate, get_model

HERE = Path(__file__).parent/'worth'
TASKS = dict(
    imdb = Task('Classify the sentiment of a movie review', [Label('negative', 'the reviewer did not like the film'), Label('positive', 'the reviewer liked the film')]),
    twitter_fin = Task('Classify the sentiment of a tweet about financial news', [Label('Bearish', 'bad for the price: losses, cuts, falls'),
        Label('Bullish', 'good for the price: gains, raises, beats'), Label('Neutral', 'a report that is neither good nor bad for the price')]),
    sms_spam = Task('Find spam among SMS text messages', [Label('ham', 'an ordinary message between people who know each other'), Label('spam', 'unwanted advertising: prizes, offers, premium numbers')]),
    tweets_es = Task('Classify the sentiment of a Spanish tweet', ['negative', 'neutral', 'positive'], language='Spanish'))
MEASURE = dict(imdb='accuracy', twitter_fin='weighted_f1', sms_spam='accuracy', tweets_es='macro_f1')
EMBED = 'imdb', 'twitter_fin', 'sms_spam'  # the sets that the embedding model has the language of
ARMS = 'METHOD FLAT OURS no-tree no-contrast no-variation no-filters no-verification'.split()

def flat_tree(task):
    "One cell for each label"
    tax = Taxonomy(task)
    for o in tax.children(): tax.add(tax.add(tax.add(o, 'texts'), 'anything'), 'anything')
    return tax

def flat_prompts(p):
    "The set `p` with a prompt for texts that knows no tree, and nothing else of ours"
    chat = p.how.get('texts', 'chat')=='chat'
    text = '''Write one realistic text for a text classifier that is to {{instruction}}. Its class is "{{label}}"{% if label.description %} ({{label.description}}){% endif %}. In {{language}}.''' if chat else \
        '''Task: {{instruction}}. In {{language}}. Here is a text of the class "{{label}}"{% if label.description %}, {{label.description}}{% endif %}: "'''
    limit = max(p.max_tokens.get('texts', 0), 44)  # more than its texts take: how long they get is its own affair
    return replace(p, name='flat', texts=text, system='', vary={}, lead='', max_tokens=p.max_tokens | dict(texts=limit))

def treeless(p):
    "The set `p` without what it says of the tree"
    t = p.texts
    for a,b in ((', of the kind found in {{source_type}}, about {{topic}}: {{subtopic}}', ''), ('{% if source_type %} of the {{source_type}}{% endif %}{% if topic %} about {{topic}}{% if subtopic %} ({{subtopic}}){% endif %}{% elif subtopic %} about {{subtopic}}{% endif %} that is', ' that is')): t = t.replace(a, b)
    assert t!=p.texts
    return replace(p, name='treeless', texts=t)

def arm(name, task, n, model, cache, seed):
    "The rows of one arm"
    p,what,kw = model.prompts,task,dict(filters=None, verify=True)
    if name=='METHOD': p,kw = METHOD,dict(filters=False, verify=False)
    elif name=='FLAT': p,what,kw = flat_prompts(p),flat_tree(task),dict(filters=False, verify=False)
    elif name=='no-tree': p,what,kw['rounds'] = treeless(p),flat_tree(task),30  # one cell has to stand for many
    elif name=='no-contrast': p = replace(p, show=tuple(o for o in p.show if o!='others'))
    elif name=='no-variation': p = replace(p, vary={}, lead='')
    elif name=='no-filters': kw['filters'] = False
    elif name=='no-verification': kw['verify'] = False
    elif name!='OURS': raise SystemExit(f'No arm {name}; there are {", ".join(ARMS)}')
    return generate(what, n, model=model, cache=cache, prompts=p, seed=seed, progress=False, **kw)

def path(model, name, arm, seed, n): return HERE/f"{model.replace('/', '-')}_{name}_{arm}_{n}_{seed}.csv.xz"

def run(a):
    model,cache = get_model(a.model),Cache(os.environ.get('SYNGEN_WORTH_CACHE', HERE/'worth.sqlite'))
    HERE.mkdir(exist_ok=True)
    for seed in a.seeds:
        for name in a.sets:
            for o in a.arms:
                if (p := path(a.model, name, o, seed, a.n)).exists(): continue
                t = time.perf_counter()
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter('always')
                    df = arm(o, TASKS[name], a.n, model, cache, seed)
                u = df.attrs['syngen']['usage']
                df[['text', 'label', 'source_type', 'topic', 'subtopic']].to_csv(p, index=False)
                print(f"{a.model} {name} {o} seed {seed}: {len(df)} rows, {u['requests']} requests, {u['tokens_out']} tokens out, {time.perf_counter()-t:.0f} s; dropped {df.attrs['syngen']['dropped']}",
                    *(f'{w.message}'[:150] for w in said), flush=True)

# --- scoring
def budget(df, words):
    "The rows of `df`, a label after another, up to about so many words in all"
    n = df.text.str.split().str.len()
    turn = df.groupby('label', observed=True).cumcount()
    df = df.assign(n=n, turn=turn).sample(frac=1, random_state=0).sort_values('turn', kind='stable')
    return df[df.n.cumsum()<=max(words, df.n.head(20).sum())]

HEALTH = dict(names_label=('label name', '{:.1%}'), model_talk=('refusals', '{:.1%}'), openings=('top 10 openings', '{:.1%}'), length_ratio=('longest / shortest label', '{:.2f}'),
    best_word=('best single word', '{:.2f}'), near_dup=('near-duplicates', '{:.1%}'), words_mean=('words a text', '{:.0f}'))

def health(df):
    "Some lines of the report"
    from syngen_nb import report
    f = report(df).to_frame()
    return f[f.label==''].set_index('metric').value[list(HEALTH)].astype(float)

def _scored(frames, name, test, names):
    "Scores and predicted labels of the `frames` of a set"
    from syngen_nb.evaluate import evaluate
    score,said = {},{}
    for (model,n,_,seed,o),df in frames.items():
        words = min(f.text.str.split().str.len().sum() for k,f in frames.items() if (k[0], k[1], k[3])==(model, n, seed) and k[4]!='real')
        for kind,d in (('rows', df), ('tokens', budget(df, words))):
            if o=='real' and kind=='tokens': continue
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                e = evaluate(d, test, embed=kind=='rows' and name in EMBED, curve=False)
            for f,k in (('tfidf', kind), ('embed', 'embed')):
                if f not in e.predicted: continue
                said[model, n, name, seed, o, k] = np.array([names.index(l) for l in e.predicted[f]])
                score[model, n, name, seed, o, k] = e.baselines.loc[f, MEASURE[name]]
    return score,said

def table(a):
    from joblib import Parallel, delayed
    runs = [p.name.removesuffix('.csv.xz').rsplit('_', 3) for p in sorted(HERE.glob('*.csv.xz'))]  # model_set, arm, n, seed
    frames = {}
    for head,o,n,seed in runs:
        model,name = head.split('_', 1)
        frames[model, int(n), name, int(seed), o] = pd.read_csv(HERE/f'{head}_{o}_{n}_{seed}.csv.xz')
    read_csv = lambda k: pd.read_csv(Path(a.data)/f'{k}.csv.gz').dropna()
    tests = {k: read_csv(k) for k in TASKS}
    for model,n,name,seed in {k[:4] for k in frames}: frames[model, n, name, seed, 'real'] = read_csv(f'{name}_train').sample(n, random_state=seed)
    rng = np.random.default_rng(0)
    codes = {k: (names := sorted(set(t.label)), np.array([names.index(l) for l in t.label])) for k,t in tests.items()}
    draws = {k: rng.multinomial(len(t), np.full(len(t), 1/len(t)), size=300) for k,t in tests.items()}
    score,said = {},{}
    for one in Parallel(-1)(delayed(_scored)({k: df for k,df in frames.items() if k[2]==name}, name, tests[name], codes[name][0]) for name in TASKS):
        score |= one[0]
        said |= one[1]
    s = pd.Series(score).rename_axis(['model', 'n', 'set', 'seed', 'arm', 'kind']).rename('score').reset_index()
    h = pd.DataFrame({k: health(df) for k,df in frames.items()}).T.rename_axis(['model', 'n', 'set', 'seed', 'arm']).sort_index()
    text = ['Made by `python benchmarks/worth.py table DATA` from the rows in this folder. A logistic regression on TF-IDF, trained on generated rows only, tested on real ones; imdb and sms_spam: accuracy, '
            'twitter_fin: weighted F1, tweets_es: macro F1. Mean over seeds (their number in brackets). *real*: as many real rows instead.\n']
    for (model,n),part in s.groupby(['model', 'n'], sort=False):
        of = {k: part[part.kind==k] for k in ('rows', 'embed', 'tokens')}
        differ = lambda k: _differences(of[k], said, codes, draws)
        text += [f"\n### {model.replace('-', '/', 1)}, {n} rows\n", _scores(of['rows']),
            '\nThe same with sentence embeddings (all-MiniLM-L6-v2, for English) in place of TF-IDF:\n', _scores(of['embed']),
            '\nThe same with TF-IDF, cut to as many words as the arm with the fewest:\n', _scores(of['tokens']),
            '\nOURS minus each arm, points, 95 % interval (paired bootstrap over test rows, 300 draws; the same seeds of both). '
            'The last column adds what another draw of trees and texts would change, by the spread between seeds (Student\'s t):\n', differ('rows'),
            '\nThe same with sentence embeddings:\n', differ('embed'), '\nThe same with TF-IDF, at equal words:\n', differ('tokens'),
            '\nHealth, mean over sets and seeds:\n', _health(h.xs((model, n)))]
    text += ['\n### Do the labels hold?\n', 'Rows of OURS read without their label (`benchmarks/worth/read.csv`): as one of the labels, or as neither. 95 % intervals by Wilson.\n', read()] if (HERE/'read.csv').exists() else []
    out = '\n'.join(text)+'\n'
    (HERE/'README.md').write_text('# What generated rows are worth\n\n'+out)
    print(out)

def read():
    "Precision of the labels, by the sheet of rows that were read blind"
    from syngen_nb.evaluate import wilson
    d = pd.read_csv(HERE/'read.csv')
    share = lambda hit: f"{hit.sum()} of {len(hit)}: {hit.mean():.2f} [{wilson(hit.sum(), len(hit))[0]:.2f}, {wilson(hit.sum(), len(hit))[1]:.2f}]"
    return _md(pd.DataFrame({k: {'read as its label': share(g.read==g.label), 'as another': share((g.read!=g.label)&(g.read!='neither')), 'as neither': share(g.read=='neither')} for k,g in d.groupby(['model', 'set'])}).T
        .rename_axis(['model', 'set']), '{}')

def _md(df, fmt): return df.map(lambda v: '–' if pd.isna(v) else v if isinstance(v, str) else fmt.format(v)).reset_index().pipe(lambda d:
    '\n'.join(['| '+' | '.join(map(str, d.columns))+' |', '|'+'---|'*len(d.columns), *('| '+' | '.join(map(str, r))+' |' for r in d.itertuples(index=False))]))

def _order(df): return df.reindex([o for o in (*ARMS, 'real') if o in df.index])

def _scores(s):
    mean,count = (s.pivot_table(index='arm', columns='set', values='score', aggfunc=f) for f in ('mean', 'count'))
    sets = [k for k in TASKS if k in mean]
    out = mean[sets].map('{:.3f}'.format).where(mean[sets].notna())+' ('+count[sets].map('{:.0f}'.format)+')'
    out['mean'] = mean[sets].mean(axis=1, skipna=False)
    return _md(_order(out), '{:.3f}')

def _differences(s, said, codes, draws):
    from syngen_nb.evaluate import _scores as at_once  # of all draws
    rows = {}
    for o in ARMS:
        if o=='OURS': continue
        both = [(name,seed) for name,seed in s[['set', 'seed']].drop_duplicates().itertuples(index=False) if {o, 'OURS'}<=set(s[(s.set==name)&(s.seed==seed)].arm)]
        if not both: continue
        (model,n,kind),row,seeds,tests = s[['model', 'n', 'kind']].iloc[0],{},[],[]
        for name in dict.fromkeys(k for k,_ in both):
            names,y = codes[name]
            score = lambda arm, seed, w: at_once(w, y, said[model, n, name, seed, arm, kind], len(names))[MEASURE[name]]
            at = lambda w: np.array([score('OURS', seed, w)-score(o, seed, w) for k,seed in both if k==name])
            seeds.append(at(np.ones(len(y)))[:,0])
            tests.append(at(draws[name]).mean(0))
            row[name] = _points(seeds[-1].mean(), tests[-1])
        b = np.mean(tests, 0)
        rows[o] = row | {'mean': _points(np.mean([d.mean() for d in seeds]), b), 'mean, for other trees too': _anew(seeds, b)}
    return _md(_order(pd.DataFrame(rows).T.reindex(columns=[*(k for k in TASKS if k in s.set.unique()), 'mean', 'mean, for other trees too']).rename_axis('OURS minus')), '{}') if rows else '(nothing to compare yet)'

def _interval(d, low, high): return f'{100*d:+.1f} [{100*low:+.1f}, {100*high:+.1f}]'
def _points(d, b): return _interval(d, *np.quantile(b, [.025, .975]))

def _anew(seeds, b):
    """The mean over sets with a 95 % interval that holds for other trees and texts too: Student's t, with the variance between `seeds`, an array a set, pooled over sets,
    added to that over test rows, the bootstrap's draws `b`"""
    from scipy.stats import t
    k,d = np.array([len(o) for o in seeds]),np.mean([o.mean() for o in seeds])
    free = (k-1).sum()
    if not free: return '–'
    between = sum(((o-o.mean())**2).sum() for o in seeds)/free
    half = t.ppf(.975, free)*np.sqrt((between/k).sum()/len(k)**2+b.var())
    return _interval(d, d-half, d+half)

def _health(h):
    m = h.groupby('arm').mean()
    return _md(_order(pd.DataFrame({name: m[k].map(fmt.format) for k,(name,fmt) in HEALTH.items()})), '{}')

if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('what', choices=['run', 'table']); p.add_argument('data')
    p.add_argument('--model', default='local/small'); p.add_argument('--n', type=int, default=300)
    p.add_argument('--sets', type=lambda s: s.split(','), default=list(TASKS)); p.add_argument('--arms', type=lambda s: s.split(','), default=ARMS)
    p.add_argument('--seeds', type=lambda s: [int(o) for o in s.split(',')], default=[0, 1, 2])
    a = p.parse_args()
    dict(run=run, table=table)[a.what](a)
