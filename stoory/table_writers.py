"""Finds the modules that write the rows of each model, for `docs/tables.md`.

It reads the source of the packages and looks for calls that write rows: `order.save(…)`,
`PaymentOrder.objects.filter(…).update(…)`, `insert_many(RoomEvent, …)`. The model is known from the names in the
module, and from the annotations of parameters, return values and attributes.
"""

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, ForwardRef, get_args

from django.apps import apps
from django.conf import settings
from django.db.models import Model

METHODS = {
    *("save", "delete", "create", "update", "get_or_create", "update_or_create", "bulk_create", "bulk_update"),
    *("asave", "adelete", "acreate", "aupdate", "aget_or_create", "aupdate_or_create", "abulk_create", "abulk_update"),
    *("create_user", "create_superuser", "_raw_delete"),
}
"""The methods of models, managers and query sets that write rows."""

FUNCTIONS = {"insert_many", "insert_with_text", "insert_instances", "upsert_many", "update_many"}
"""The functions of `foundation.database.bulk` that write rows of their first argument."""

WRAPPERS = {"list", "tuple", "sorted", "reversed", "iter", "next", "get_object_or_404"}
"""Functions whose result is of the same class as their first argument."""

_IMPORTED_FOR_TYPES = {model.__name__: model for model in apps.get_models()}
"""Models that a module knows only in type hints."""

NOT_SOURCES = {"migrations", "tests"}


@dataclass(frozen=True)
class Call:
    """A call in the source that writes rows if its receiver is a model, a query set or a manager.

    `place` is `module:line`. `receiver` is the class whose method is called, or None if it is not known.
    """

    module: str
    place: str
    text: str
    receiver: type | None

    @property
    def model(self) -> type[Model] | None:
        return self.receiver if self.receiver is not None and _is_model(self.receiver) else None


def writers(packages: Iterable[str]) -> dict[type[Model], list[str]]:
    """Return the modules of the packages that write each model, by name. Models that they do not write are left out."""
    found: dict[type[Model], set[str]] = defaultdict(set)
    for call in calls(packages):
        if call.model is not None:
            found[call.model].add(call.module)
    return {model: sorted(modules) for model, modules in found.items()}


def calls(packages: Iterable[str]) -> Iterator[Call]:
    """Yield each call in the packages that writes rows or has the name of a method that writes rows."""
    for package in packages:
        for path in sorted(Path(settings.BASE_DIR, package).rglob("*.py")):
            parts = path.relative_to(settings.BASE_DIR).with_suffix("").parts
            source = path.read_text(encoding="utf-8")
            if not NOT_SOURCES & set(parts) and any(f"{name}(" in source for name in METHODS | FUNCTIONS):
                module = ".".join(parts).removesuffix(".__init__")
                yield from calls_in(module, ast.parse(source), vars(import_module(module)))


def calls_in(module: str, tree: ast.Module, names: Mapping[str, Any]) -> Iterator[Call]:
    """Yield the calls of a module. `names` are its global names with their values."""
    waiting: list[tuple[ast.AST, _Scope]] = [(tree, _Scope(names, None, {}))]
    while waiting:
        block, scope = waiting.pop()
        for node in _own_nodes(block):
            if isinstance(node, ast.ClassDef):
                waiting.append((node, _Scope(names, _class_of_value(names.get(node.name)), {})))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                waiting.append((node, scope.inside(node)))
            elif isinstance(node, ast.Call) and (receiver := _expression_written_by(node)) is not None:
                text = ast.unparse(node.func)
                yield Call(module, f"{module}:{node.lineno}", text, scope.class_of(receiver))


def _expression_written_by(call: ast.Call) -> ast.expr | None:
    """Return the expression whose rows a call may write. None if it is another call, or passes on an overridden
    method."""
    name = ast.unparse(call.func).rpartition(".")[2]
    if name in {"update", "aupdate"} and not call.keywords:  # of a dictionary, a set or a hash
        return None
    if name in FUNCTIONS:
        given = [*call.args, *(one.value for one in call.keywords if one.arg in {"model", "instances"})]
        return given[0] if given else None
    if not isinstance(call.func, ast.Attribute) or name not in METHODS or ast.unparse(call.func.value) == "super()":
        return None
    return call.func.value


def _own_nodes(block: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a block in order; of functions and classes inside only the definition."""
    for child in ast.iter_child_nodes(block):
        yield child
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own_nodes(child)


class _Scope:
    """The names that a function knows: of the module, its parameters and its variables."""

    def __init__(self, names: Mapping[str, Any], owner: type | None, local: dict[str, list[ast.expr | type]]) -> None:
        self._names = names
        self._owner = owner
        self._local = local

    def inside(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> "_Scope":
        local = {name: list(values) for name, values in self._local.items()}
        arguments = function.args
        for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            found = self._owner if one.arg == "self" else one.annotation and _class_of_hint(one.annotation, self._names)
            local[one.arg] = [found] if found else []
        for name, value in _assigned(function):
            local.setdefault(name, []).append(value)
        for node in _own_nodes(function):
            if isinstance(node, ast.AnnAssign) and (found := _class_of_hint(node.annotation, self._names)):
                local[ast.unparse(node.target)] = [found]
        return _Scope(self._names, self._owner, local)

    def class_of(self, expression: ast.expr) -> type | None:
        """Return the class of an expression. For query sets, managers and collections, the class of what they contain;
        for functions, the class of what they return; for a class, the class itself."""
        match expression:
            case ast.Name(id=name) if name in self._local:
                return self._class_of_variable(name)
            case ast.Name() | ast.Attribute() if (value := _value(expression, self._names)) is not None:
                return _class_of_value(value)
            case ast.Attribute(value=owner, attr=name):
                return _class_of_attribute(self.class_of(owner), name)
            case ast.Call(func=ast.Attribute(attr="get_model"), args=[ast.Constant() as app, ast.Constant() as name]):
                return apps.get_model(str(app.value), str(name.value))
        parts = map(self.class_of, _parts(expression))
        return next(filter(None, parts), None)

    def _class_of_variable(self, name: str) -> type | None:
        values = self._local[name]
        self._local[name] = []  # a new value can depend on the old value
        try:
            classes = (value if isinstance(value, type) else self.class_of(value) for value in values)
            return next(filter(None, classes), None)
        finally:
            self._local[name] = values


def _parts(expression: ast.expr) -> list[ast.expr]:
    """Return the parts of an expression that have the same class."""
    match expression:
        case ast.Call(func=ast.Name(id=name), args=[part, *_]) if name in WRAPPERS:
            return [part]
        case ast.Call(func=part) | ast.Await(value=part) | ast.Subscript(value=part) | ast.NamedExpr(value=part):
            return [part]
        case ast.ListComp(elt=part):
            return [part]
        case ast.List(elts=parts):
            return parts
        case ast.IfExp(body=part, orelse=other):
            return [part, other]
    return []


def _assigned(function: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the variables of a function, each with an expression of its class."""
    for node in _own_nodes(function):
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                yield from ((name, value) for name in _variables(target))
            case ast.NamedExpr(target=target, value=value):
                yield from ((name, value) for name in _variables(target))
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                yield from ((name, value) for name in _variables(target))
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                yield from ((name, value) for name in _variables(target))


def _variables(target: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _value(expression: ast.AST, names: Mapping[str, Any]) -> Any:
    """Return the value of a global name, or of a name in a module, as in `models.Message`."""
    match expression:
        case ast.Name(id=name):
            return names.get(name, _IMPORTED_FOR_TYPES.get(name))
        case ast.Attribute(value=value, attr=name) if inspect.ismodule(module := _value(value, names)):
            return getattr(module, name, None)
    return None


def _class_of_value(value: Any) -> type | None:
    if isinstance(value, type) or get_args(value):
        return _class_of_hint(value, {})
    if isinstance(value, property | cached_property):
        value = value.fget if isinstance(value, property) else value.func
    function = inspect.unwrap(value) if callable(value) else None
    if inspect.isfunction(function):
        return _class_of_hint(function.__annotations__.get("return"), function.__globals__)
    return type(value)


def _class_of_hint(hint: Any, names: Mapping[str, Any]) -> type | None:
    """Return the class in a type hint: if possible a model, as in `QuerySet[Message]` and `dict[UUID, Message]`."""
    classes = list(_classes_of_hint(hint, names))
    return next(filter(_is_model, classes), classes[-1] if classes else None)


def _classes_of_hint(hint: Any, names: Mapping[str, Any]) -> Iterator[type]:
    if isinstance(hint, str):
        hint = ast.parse(hint, mode="eval").body
    if isinstance(hint, ast.Constant) and isinstance(hint.value, str):
        yield from _classes_of_hint(hint.value, names)
    elif isinstance(hint, ast.AST):
        found = _value(hint, names)
        for one in [found] if found is not None else ast.iter_child_nodes(hint):
            yield from _classes_of_hint(one, names)
    elif isinstance(hint, type) and hint in _models_by_manager():
        yield _models_by_manager()[hint]
    elif isinstance(hint, ForwardRef):
        yield from _classes_of_hint(hint.__forward_arg__, names)
    elif isinstance(hint, type) and not get_args(hint):
        yield hint
    for one in get_args(hint):
        yield from _classes_of_hint(one, names)


def _class_of_attribute(owner: type | None, name: str) -> type | None:
    if owner is None:
        return None
    if _is_model(owner) and name in (relations := _relations(owner)):
        return relations[name]
    attribute = inspect.getattr_static(owner, name, None)
    if isinstance(attribute, property | cached_property) or inspect.isfunction(attribute):
        return _class_of_value(attribute)
    for one in owner.__mro__:
        if name in vars(one).get("__annotations__", {}):
            return _class_of_hint(vars(one)["__annotations__"][name], vars(inspect.getmodule(one)))
    # The remaining attributes of a model are its managers, whose methods return its rows.
    return owner if _is_model(owner) else None


@cache
def _models_by_manager() -> dict[type, type[Model]]:
    """Return the model of each manager class and query set class that belongs to only one model."""
    models: dict[type, set[type[Model]]] = defaultdict(set)
    for model in apps.get_models():
        for manager in model._meta.managers:
            models[type(manager)].add(model)
            models[type(manager.get_queryset())].add(model)
    return {one: next(iter(found)) for one, found in models.items() if len(found) == 1}


def _is_model(one: type) -> bool:
    return issubclass(one, Model) and hasattr(one, "_meta")


@cache
def _relations(model: type[Model]) -> dict[str, type]:
    """Return the class of each field of a model and of each model that refers to it."""
    of_fields = {one.name: one.related_model or type(one) for one in model._meta.fields}
    of_others = {one.get_accessor_name() or "": one.related_model for one in model._meta.related_objects}
    return {**of_fields, **of_others}
