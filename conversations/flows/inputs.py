"""What a party sent with an action, checked against what the action takes.

Unknown keys are ignored. The result is the cleaned input: texts trimmed, prices as decimal
strings with all their decimals, values that were left out absent.
"""

from collections.abc import Callable, Mapping
from typing import Any

from conversations.flows.definitions import Action, Input, InputKind, PriceRule
from conversations.flows.errors import StaleAction
from conversations.flows.facts import Facts
from conversations.flows.money import InvalidPrice, format_price, parse_price
from foundation import text
from foundation.errors import Invalid
from foundation.ids import parse_id


class InvalidInput(ValueError):
    """A value that an action does not take; the message says why."""


def _text(field: Input, value: object, currency: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput("A text is needed.")
    assert field.max_length is not None
    value = text.trimmed(value)
    error = text.error_message(value, max_length=field.max_length) if value else None
    if error:
        raise InvalidInput(error)
    return value


def _price(field: Input, value: object, currency: str) -> str:
    try:
        return format_price(parse_price(value, currency), currency)
    except InvalidPrice as error:
        raise InvalidInput(str(error)) from None


def _files(field: Input, value: object, currency: str) -> list[str]:
    if not isinstance(value, list):
        raise InvalidInput("A list of upload ids is needed.")
    assert field.max_items is not None
    if len(value) > field.max_items:
        raise InvalidInput(f"At most {field.max_items} uploads.")
    ids = [parse_id(item) for item in value]
    if None in ids:
        raise InvalidInput("This is not the id of an upload.")
    if len(set(ids)) < len(ids):
        raise InvalidInput("Each upload is named once.")
    return [str(found) for found in ids]


_READERS: dict[InputKind, Callable[[Input, object, str], Any]] = {
    InputKind.TEXT: _text,
    InputKind.TEXTAREA: _text,
    InputKind.PRICE: _price,
    InputKind.FILES: _files,
}


def read(inputs: tuple[Input, ...], data: object, currency: str) -> dict[str, Any]:
    """Raises `Invalid` with `errors` by field."""
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        raise Invalid(errors={"data": ["A JSON object is needed."]})
    found: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for field in inputs:
        value = data.get(field.id)
        try:
            parsed = None if value is None else _READERS[field.kind](field, value, currency)
        except InvalidInput as error:
            errors[field.id] = [str(error)]
            continue
        if parsed:
            found[field.id] = parsed
        elif field.required:
            errors[field.id] = ["This is needed."]
    if errors:
        raise Invalid(errors=errors)
    return found


def check_prices(action: Action, data: Mapping[str, Any], facts: Facts) -> None:
    """Hold a price against the newest offer on the table, as the action's rule has it.

    Raises `StaleAction` where an echoed price is another one, `Invalid` where a counter-offer repeats it.
    """
    for field in action.inputs:
        if field.id not in data or field.price_rule is PriceRule.FREE:
            continue
        is_same = facts.last_offer is not None and data[field.id] == facts.last_offer.price
        if field.price_rule is PriceRule.ECHO and not is_same:
            raise StaleAction("The price on the table is another one.")
        if field.price_rule is PriceRule.DIFFERENT and is_same:
            raise Invalid(errors={field.id: ["This is the last offer; a counter-offer differs from it."]})
