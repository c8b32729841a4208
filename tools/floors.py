"""Print the floors of the package: which module imports which.

    python tools/floors.py

Imports go down the list of floors, never up, and without a circle. No module imports a private name of another one, and
nothing below the widgets knows of a widget, apart from one look-up in `display`."""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1] / 'syngen_nb'
FLOORS = {
    'base': 'text display wording loop leases files frames moved corpus task plan',
    'tree': 'history taxonomy tree_io',
    'asking': (
        'answers prompts prompt_sets answer_tables cache pending recording outcomes tempo limits models spending '
        'kept_budgets model_files secrets server_errors rate_headers providers batches local_model executors '
        'known_models'
    ),
    'engine': 'jobs pace engine asker batch_asker run options',
    'work': 'filters duplicates judge ledger checks annotate name_lists grow_errors grow generate figures estimate',
    'judging': 'metrics likeness report report_page stats encoders fine_tuned classifier evaluate split export card',
    'widgets': 'base task_form taxonomy_tree run_view data_view studio_file studio',
}
SHIMS = {'tree', 'form', 'progress', 'data', 'studio', 'weights'}  # Old paths, which say where things are now


FOLDERS = {'', 'widgets'}


def floor_of(module):
    "Return the number of the floor of `module`, or None if it has none."
    for number, (floor, names) in enumerate(FLOORS.items()):
        prefix = 'widgets.' if floor == 'widgets' else ''
        if module in [prefix + name for name in names.split()]:
            return number
    return None


def modules(shims=False):
    "Return the modules of the package, a name to its syntax tree; without `shims`, or only these."
    paths = [path for path in sorted(ROOT.rglob('*.py')) if path.name not in ('__init__.py', '_modidx.py')]
    found = {
        '.'.join(path.relative_to(ROOT).with_suffix('').parts): ast.parse(path.read_text('utf-8')) for path in paths
    }
    return {name: tree for name, tree in found.items() if (name in SHIMS) is shims}


def imports(module, tree):
    "Yield the modules of the package that `module` imports, each with a name it takes; lazy imports too."
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            target = target_of(module, node)
            if target is not None:
                for alias in node.names:
                    if target in FOLDERS:  # `from .widgets import base` takes a module out of a folder
                        yield f'{target}.{alias.name}'.strip('.'), ''
                    else:
                        yield target, alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith('syngen_nb.'):
                    yield alias.name.removeprefix('syngen_nb.'), ''
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith('syngen_nb.'):
            yield node.value.removeprefix('syngen_nb.'), ''


def target_of(module, node):
    "Return which module of the package `from … import` takes from; None if it is another package."
    if node.level:
        folder = module.split('.')[: -node.level] if '.' in module else []
        return '.'.join([*folder, *(node.module or '').split('.')]).strip('.')
    if (node.module or '').split('.')[0] == 'syngen_nb':
        return node.module.removeprefix('syngen_nb').removeprefix('.')
    return None


def picture():
    "Return each module with the modules it imports."
    trees = modules()
    return {
        name: sorted({m for m, _ in imports(name, tree) if m in trees and m != name}) for name, tree in trees.items()
    }


def upward(graph):
    "Return the imports that go up, and modules that have no floor."
    wrong = [f'{name} has no floor' for name in graph if floor_of(name) is None]
    for name, targets in graph.items():
        for target in targets:
            low, high = floor_of(name), floor_of(target)
            if None not in (low, high) and high > low and (name, target) != ('display', 'widgets.run_view'):
                wrong.append(f'{name} imports {target}, which is above it')
    return wrong


def busy_shims():
    "Return old paths that do more than to say where things are now: they define something."
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    trees = modules(shims=True).items()
    return [
        f'{name} defines {o.name}'
        for name, tree in trees
        for o in tree.body
        if isinstance(o, kinds) and o.name != '__getattr__'
    ]


def taken_from_shims():
    "Return the imports that go to an old path."
    found = {(name, target) for name, tree in modules().items() for target, _ in imports(name, tree) if target in SHIMS}
    return [f'{name} imports {target}, which is an old path' for name, target in sorted(found)]


def private_names():
    "Return the private names that modules import from others."
    found = []
    for name, tree in modules().items():
        found += [
            f'{name} imports {target}.{o}'
            for target, o in imports(name, tree)
            if o.startswith('_') and o != '__version__'
        ]
    return found


def circles(graph):
    "Return a circle of imports for each module that is part of one."
    found = []
    for start in graph:
        path = way_back(graph, start)
        if path:
            found.append(' → '.join(path))
    return found


def way_back(graph, start):
    "Return the shortest way from `start` to itself, or None."
    ways = [[start]]
    seen = set()
    for way in ways:
        for target in graph.get(way[-1], ()):
            if (way[-1], target) == ('display', 'widgets.run_view'):
                continue
            if target == start:
                return [*way, target]
            if target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return None


def main():
    graph = picture()
    for floor, names in FLOORS.items():
        print(f'\n{floor}')
        for name in names.split():
            full = f'widgets.{name}' if floor == 'widgets' else name
            if full in graph:
                print(f'  {name:14} {" ".join(graph[full])}')
    wrong = [*upward(graph), *private_names(), *circles(graph), *busy_shims(), *taken_from_shims()]
    print('\n' + ('\n'.join(wrong) or 'No import goes up, none is private, and there is no circle.'))
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
