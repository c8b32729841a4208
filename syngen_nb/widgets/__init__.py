"""The widgets, one module each.

A widget is imported when it is first used: together they take longer to import than the rest of the package.
"""

from importlib import import_module

_MODULES = dict(
    TaskForm='task_form', TaxonomyTree='taxonomy_tree', RunView='run_view', DataView='data_view', Studio='studio'
)
__all__ = list(_MODULES)


def __getattr__(name: str):
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_MODULES[name]}'), name)


def __dir__() -> list[str]:
    return __all__
