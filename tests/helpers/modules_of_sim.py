"""The modules of `sim` and what they import, read from their text: nothing is imported for it."""

import ast

from places import ROOT

SIM = ROOT / "sim"


def tree(path):
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    """Full names of all that a module imports, wherever in it the import stands."""
    names = []
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names += [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names += [f"{node.module}.{each.name}" for each in node.names]
    return names


def module_name(path):
    """``sim.core.log`` of sim/core/log.py, ``sim.core`` of sim/core/__init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def graph():
    """Module -> the modules of `sim` that it names in an import, one for type checking too.

    A package counts where something of its own `__init__` is taken, not where it is but the way
    to a module.
    """
    paths = {module_name(path): path for path in sorted(SIM.rglob("*.py"))}
    return {
        name: {_home(each, paths) for each in imported(path)} & paths.keys() - {name}
        for name, path in paths.items()
    }


def _home(name, paths):
    """The module that a full name is, or that it is taken from."""
    return name if name in paths else name.rpartition(".")[0]


def circles(graph):
    """The sets of nodes from each of which one comes to each other one (by Tarjan)."""
    number, lowest, path, found = {}, {}, [], []

    def visit(node):
        number[node] = lowest[node] = len(number)
        path.append(node)
        for neighbour in sorted(graph[node]):
            if neighbour not in number:
                visit(neighbour)
            if neighbour in path:
                lowest[node] = min(lowest[node], lowest[neighbour])
        if lowest[node] == number[node]:
            place = path.index(node)
            found.append(set(path[place:]))
            del path[place:]

    for node in graph:
        if node not in number:
            visit(node)
    return [circle for circle in found if len(circle) > 1]
