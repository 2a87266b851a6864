"""What may stand behind `--weights`: members and how much their ballots count."""

from decimal import Decimal, InvalidOperation

from core.domain.errors import Refused

_LONGEST = 60


def weights_from(text: str) -> dict[str, Decimal]:
    """Return the weights of `claude=1,gpt5=0.5` by name; empty for an empty text.

    Raises:
        Refused: it has another form, or a weight is not from 0 to 1.
    """
    found: dict[str, Decimal] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, is_there, value = (word.strip() for word in part.partition("="))
        try:
            weight = Decimal(value)
        except InvalidOperation:
            weight = Decimal(-1)
        if not (name and is_there and weight.is_finite() and 0 <= weight <= 1):
            how = "write a member and a number from 0 to 1, as in claude=0.5"
            raise Refused(f"“{part[:_LONGEST]}” is no weight; {how}.")
        if name in found:
            raise Refused(f"{name[:_LONGEST]} has two weights; give one.")
        found[name] = weight
    return found
