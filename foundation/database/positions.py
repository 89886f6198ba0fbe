"""The position of bytes in other bytes, on all databases."""

from typing import Any

from django.db.models import Func, IntegerField


class Position(Func):
    """The position of the second argument (bytes) in the first, counted from 1; 0 if it does not occur."""

    function = "INSTR"
    arity = 2
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        other_way_round = self.copy()
        other_way_round.set_source_expressions(self.get_source_expressions()[::-1])
        return other_way_round.as_sql(
            compiler, connection, template="POSITION(%(expressions)s)", arg_joiner=" IN ", **context
        )
