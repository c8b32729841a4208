"Temporary: old names in old places, until the redesign is done"
import sys, types
from . import estimate as _e, models, known_models, providers, local_model, cache, recording, model_files, task, plan, taxonomy, prompts, filters, frames, duplicates, judge, checks, grow, generate, run, options, text, loop, prompt_sets, display, history
M = sys.modules
grow = M['syngen_nb.grow']; generate = M['syngen_nb.generate']
models.get_model = known_models.get_model
models.OpenAIModel, models.AnthropicModel, models.LocalModel = providers.OpenAIModel, providers.AnthropicModel, local_model.LocalModel
models._public = providers.public_url
cache.Replay, cache.ReplayMiss = recording.Replay, recording.ReplayMiss
q = types.ModuleType('syngen_nb.quality')
for m in (text, frames, filters, duplicates, judge, checks): q.__dict__.update({k: v for k, v in vars(m).items() if not k.startswith('__')})
q._pairs = duplicates.word_pairs; q._spaceless = text.SPACELESS; q._word = text._word
M['syngen_nb.quality'] = q
g = dict(Run=run.Run, ShortWarning=run.ShortWarning, _worker=loop.worker, _cache=cache.open_cache)
g['_settings'] = lambda s, r: (lambda o: (o.seed, o.rounds))(options.RunOptions(seed=s, rounds=r))
def _started(tax, live=True, top_up=True, **kw): return grow.grow_run(tax, options.GrowOptions(**kw), is_live=live, tops_up=top_up)
g['_started'] = _started
for k, v in g.items(): setattr(grow, k, v)
run.Run._done = lambda self: self.stages[-1].counts()[0]
run.Run._total = lambda self: self.stages[-1].counts()[1]
generate.apportion = plan.apportion
for k in ('DEFAULT', 'METHOD', 'LOCAL', 'SMALL', 'get_prompts'): setattr(prompts, k, getattr(prompt_sets, k))
prompts.names_label = filters.names_label
prompts.fold = text.fold
est = M['syngen_nb.estimate']
generate.aestimate, generate.estimate, generate.Estimate = est.aestimate, est.estimate, est.Estimate

model_files.WEIGHTS, model_files.WeightsError, model_files._bytes = model_files.MODEL_FILES, model_files.ModelFileError, model_files.human_bytes
task.Plan, task._counts, task._whole = plan.Plan, plan.COUNTS, plan.whole_number
prompts.clean_name, prompts.clean_text = text.clean_name, text.clean_text
import warnings
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    from . import weights
weights._bytes, weights._is_there = model_files.human_bytes, lambda w, p: model_files.is_on_disk(w, p.parent)
