__version__ = "0.2.0"
from .task import Label, Task
from .plan import Plan
from .cache import Cache, CacheError
from .recording import Replay, ReplayMiss
from .prompts import Prompts, Request
from .prompt_sets import DEFAULT, METHOD
from .models import Answer, Model, ModelError, Usage
from .known_models import get_model
from .tree_io import Taxonomy
from .run import Run, ShortWarning
from .filters import FILTERS
from .judge import Judge
from .checks import verify
from .grow import agrow, grow, start_grow
from .generate import agenerate, generate, start
from .estimate import aestimate, estimate
from .report import compare, report
from . import report_page  # Adds HTML and plots to reports
from .split import split
from .export import to_csv, to_hf, to_jsonl, to_parquet
from .card import card
from .annotate import annotate, concat
from .classifier import Classifier, train
from .evaluate import evaluate

__all__ = [
    'Label', 'Task', 'Plan', 'Cache', 'CacheError', 'Replay', 'ReplayMiss', 'Prompts', 'Request', 'DEFAULT', 'METHOD',
    'Answer', 'Model', 'ModelError', 'Usage', 'get_model', 'Taxonomy', 'Run', 'ShortWarning', 'FILTERS', 'Judge', 'verify',
    'grow', 'agrow', 'start_grow', 'generate', 'agenerate', 'start', 'estimate', 'aestimate', 'report', 'compare',
    'card', 'split', 'to_csv', 'to_hf', 'to_jsonl', 'to_parquet', 'evaluate', 'train', 'Classifier', 'annotate', 'concat',
    'TaskForm', 'TaxonomyTree', 'DataView', 'Studio',
]
# Widgets take longer to import than all the rest, so they are loaded when first used
_widgets = dict(
    TaskForm='widgets.task_form', TaxonomyTree='widgets.taxonomy_tree', DataView='widgets.data_view',
    Studio='widgets.studio',
)


def __getattr__(name):
    if name not in _widgets:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from importlib import import_module

    return getattr(import_module(f'.{_widgets[name]}', __name__), name)


def __dir__():
    return __all__
