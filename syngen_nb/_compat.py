"Temporary: old names in old places, until the redesign is done"
import importlib, sys, types
from . import models, known_models, providers, local_model, cache, recording, model_files
models.get_model = known_models.get_model
models.OpenAIModel, models.AnthropicModel, models.LocalModel = providers.OpenAIModel, providers.AnthropicModel, local_model.LocalModel
cache.Replay, cache.ReplayMiss = recording.Replay, recording.ReplayMiss
w = types.ModuleType('syngen_nb.weights')
w.__dict__.update(WEIGHTS=model_files.MODEL_FILES, WeightsError=model_files.ModelFileError, fetch_weights=model_files.fetch_model_file, _bytes=model_files.human_bytes, _is_there=lambda w, p: model_files.is_on_disk(w, p.parent), Weights=model_files.ModelFile)
sys.modules['syngen_nb.weights'] = w
