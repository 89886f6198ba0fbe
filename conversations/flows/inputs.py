"""Checking the data that a party sent with an action against the inputs of the action.

Unknown keys are ignored. In the cleaned input, texts are trimmed, prices are decimal strings with all decimals of the
currency, and empty values are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from conversations.flows.definitions import Action, Input
from conversations.flows.errors import StaleAction
from conversations.flows.facts import Facts
from conversations.flows.kinds import InputKind, PriceRule
from conversations.flows.money import InvalidPrice, format_price, parse_price
from conversations.flows.price_limits import price_limits
from foundation import text
from foundation.errors import Invalid
from foundation.ids import parse_id


class InvalidInput(ValueError):
    """An input has an invalid value. The message says why."""


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
        raise InvalidInput("This is not an upload id.")
    if len(set(ids)) < len(ids):
        raise InvalidInput("Each upload can be listed only once.")
    return [str(found) for found in ids]


_READERS: dict[InputKind, Callable[[Input, object, str], Any]] = {
    InputKind.TEXT: _text,
    InputKind.TEXTAREA: _text,
    InputKind.PRICE: _price,
    InputKind.FILES: _files,
}


def read(inputs: tuple[Input, ...], data: object, currency: str) -> dict[str, Any]:
    """Return the cleaned input of an action, by input id. `data` is what the client sent: a JSON object or None.

    Raises `Invalid` with `errors` by input id.
    """
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
    """Compare the prices in the cleaned input with the newest offer, by the price rules of the action, and new prices
    with the limits of the currency.

    Raises `StaleAction` if a price must equal the newest offer but differs, `Invalid` if it must differ but does not,
    or if it cannot be charged.
    """
    for field in action.inputs:
        if field.kind is not InputKind.PRICE or field.id not in data:
            continue
        if field.price_rule is not PriceRule.ECHO:
            _check_limits(field, data[field.id], facts.currency)
        is_same = facts.last_offer is not None and data[field.id] == facts.last_offer.price
        if field.price_rule is PriceRule.ECHO and not is_same:
            raise StaleAction("The price of the newest offer is different.")
        if field.price_rule is PriceRule.DIFFERENT and is_same:
            raise Invalid(errors={field.id: ["A counter-offer must differ from the last offer."]})


def _check_limits(field: Input, price: str, currency: str) -> None:
    try:
        price_limits(currency).check(parse_price(price, currency), currency)
    except InvalidPrice as error:
        raise Invalid(errors={field.id: [str(error)]}) from None
