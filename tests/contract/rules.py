"""Rules of the project that a program can check. Each takes the syntax tree of a module and returns the lines that
break the rule."""

import ast
from collections.abc import Collection, Iterable, Iterator

FACTS = {"Message": {"read_at"}, "Notification": {"read_at", "body"}, "Transition": set()}
"""The models whose rows are facts, and the fields that bulk updates can change."""

ROOMS = ("conversation_", "user_")
"""The prefixes of room names."""

BULK_FUNCTIONS = {"insert_many", "insert_with_text", "upsert_many", "update_many"}
"""The functions of `foundation.database.bulk` that write rows of the model passed to them, without signals."""

SENDERS = {
    *("emit", "send_frame", "send_text", "send_packet", "_send_packet", "_send_eio_packet"),
    *("group_send", "group_send_many"),
}
"""The methods of Socket.IO, of sockets and of the channel layer that send something."""

GUARDED = {"realtime", "socketio_server"}
"""The packages of which others import only the public names."""

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))


def _methods(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.Call, ast.Attribute]]:
    """Yield the method calls among the nodes."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node, node.func


def imports_in_functions(tree: ast.AST) -> set[int]:
    inside = (node for function in functions(tree) for node in ast.walk(function))
    return {node.lineno for node in inside if isinstance(node, ast.Import | ast.ImportFrom)}


def imports_public_names_from_inside(tree: ast.AST, package: str, public: Collection[str]) -> set[int]:
    """Find imports of a package's public names from the internal module that defines them."""
    return {
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith(f"{package}.")
        and any(one.name in public for one in node.names)
    }


def sends_directly(tree: ast.AST) -> set[int]:
    """Find code that passes something directly to Socket.IO, a socket or the channel layer."""
    return _uses(tree, SENDERS)


def imports_guarded_packages(tree: ast.AST) -> set[int]:
    """Find imports of a whole package in `GUARDED`. They reach its internal modules, which import-linter cannot see."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import))
    return {node.lineno for node in imports if any(one.name.partition(".")[0] in GUARDED for one in node.names)}


def makes_room_hints(tree: ast.AST) -> set[int]:
    """Find uses of `Hint`, under any name, other than `Hint.control`, copies of hints with other values, and anything
    else that is given to the bus. All of them can send events without `publish` and `publish_ephemeral`."""
    of_control = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "control"
    }
    named = {node.lineno for node in ast.walk(tree) if _is_named(node, "Hint") and id(node) not in of_control}
    return (
        named
        | _uses(tree, {"_replace"})
        | {call.lineno for call, method in _methods(ast.walk(tree)) if _feeds_the_bus(call, method)}
    )


def _feeds_the_bus(call: ast.Call, method: ast.Attribute) -> bool:
    """Return whether something other than a list of `Hint.control(…)` is given to `bus.send`."""
    if method.attr != "send" or not ast.unparse(method.value).endswith("bus"):
        return False
    hints = call.args[0].elts if call.args and isinstance(call.args[0], ast.List) else [None]
    return not all(isinstance(one, ast.Call) and ast.unparse(one.func).endswith("Hint.control") for one in hints)


def _is_named(node: ast.AST, name: str) -> bool:
    """Return whether a name, an attribute or a renaming import refers to something of this name."""
    if isinstance(node, ast.alias):
        return node.name == name and node.asname is not None
    return name in {getattr(node, "id", None), getattr(node, "attr", None)}


def bypasses_the_bus(tree: ast.AST) -> set[int]:
    """Find code that bypasses the bus and delivers events to the rooms of this process."""
    return _uses(tree, {"handle_hint", "handle_growth", "broadcast"})


def _uses(tree: ast.AST, names: set[str]) -> set[int]:
    """Find methods with these names that are called or passed on."""
    return {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in names}


def builds_a_room_name(tree: ast.AST) -> set[int]:
    """Find room names that are built from parts."""
    lines = set()
    for node in ast.walk(tree):
        parts = node.values if isinstance(node, ast.JoinedStr) else [getattr(node, "left", None)]
        first = parts[0] if parts else None
        if isinstance(node, ast.JoinedStr | ast.BinOp) and getattr(first, "value", None) in ROOMS:
            lines.add(node.lineno)
    return lines


def compares_conversation_types(tree: ast.AST) -> set[int]:
    """Find comparisons of a conversation's type with a literal."""
    lines = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        named = any(getattr(side, "attr", getattr(side, "id", "")) == "conversation_type" for side in sides)
        if named and any(_is_written_down(side) for side in sides):
            lines.add(node.lineno)
    return lines


def _is_written_down(side: ast.AST) -> bool:
    if isinstance(side, ast.Constant):
        return isinstance(side.value, str)
    return isinstance(side, ast.Tuple | ast.List | ast.Set)


def writes_facts_in_bulk(tree: ast.AST) -> set[int]:
    """Find bulk writes of facts. They are allowed if `post_save` is sent for each row, and for the changeable fields in
    `FACTS`. Inserted instances can be of any model, so they count as facts."""
    lines = set()
    for function in [*functions(tree), tree]:
        body = list(_own_nodes(function))
        calls = [node for node in body if isinstance(node, ast.Call)]
        told = {_first_argument(call) for call in calls if _name_of(call) == "send_post_save"}
        tells = bool(told) or any(ast.unparse(call).startswith("post_save.send") for call in calls)
        for call, method in _methods(body):
            model = _fact_of(method.value, body)
            if model and _breaks(call, method.attr, FACTS[model], tells):
                lines.add(call.lineno)
        lines |= {call.lineno for call in calls if _inserts_untold(call, told) or _bulk_writes_facts(call, body)}
    return lines


def _name_of(call: ast.Call) -> str:
    """Return the name of the called function, without its module."""
    return ast.unparse(call.func).rpartition(".")[2]


def _first_argument(call: ast.Call) -> str:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return ast.unparse(given[0]) if given else ""


def _inserts_untold(call: ast.Call, told: set[str]) -> bool:
    return _name_of(call) == "insert_instances" and _first_argument(call) not in told


def _bulk_writes_facts(call: ast.Call, body: list[ast.AST]) -> bool:
    if _name_of(call) not in BULK_FUNCTIONS:
        return False
    models = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "model")]
    return any(_meaning(model, body).rpartition(".")[2] in FACTS for model in models)


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function or module, without the nodes of nested functions."""
    waiting = list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _FUNCTIONS):
            yield node
            waiting += ast.iter_child_nodes(node)


def _fact_of(value: ast.AST, body: list[ast.AST]) -> str | None:
    """Return the model whose rows an expression denotes if the rows are facts."""
    written = _meaning(value, body)
    return next((name for name in FACTS if written.startswith((f"{name}.objects", f"{name}._"))), None)


def _meaning(value: ast.AST, body: list[ast.AST]) -> str:
    """Return the source of an expression, or of the value assigned to its name in the same function."""
    written = ast.unparse(value)
    root = written.partition(".")[0]
    for node in body:
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == root for target in node.targets):
            written = ast.unparse(node.value)
    return written


def _breaks(call: ast.Call, method: str, changeable: set[str], tells: bool) -> bool:
    if method == "bulk_create":
        return not tells
    if method == "update":
        return not {keyword.arg for keyword in call.keywords} <= changeable
    return method in {"bulk_update", "delete", "_raw_delete", "abulk_create", "abulk_update", "aupdate"}
