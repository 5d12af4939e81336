"""Formats of numbers: separators, currencies, percent, accounting negatives; one per column."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

from autonet.core.spec import describable

__all__ = ["NumberFormat", "detect_codes", "infer_number_format", "looks_like_number", "parse_number"]

# Typographic variants of one sign: no-break, thin and figure spaces, the minus sign, apostrophes, Arabic separators.
PLAIN_SIGNS = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f", " ")
    | dict.fromkeys("\u2212\u2012\u2013\u2014", "-")
    | dict.fromkeys("\u2019\u02bc`", "'")
    | {"\u066b": ".", "\u066c": ","}
)
PERCENT = ("%", "‰")
CODES = (
    "USD EUR GBP JPY CNY RMB CHF CAD AUD NZD INR BRL MXN SEK NOK DKK PLN CZK HUF RON RUB UAH TRY ILS ZAR KRW SGD HKD"
)
WORDS = r"kr\.?|zł|Kč|Ft|Rs\.?|Fr\.?|元|円"
SYMBOLS = "$\u00a2-\u00a5\u0e3f\u20a0-\u20cf\ufe69\uff04\uffe0\uffe1\uffe5\uffe6"
UNIT = rf"[%‰]|[A-Z]{{0,3}}[{SYMBOLS}]|(?:{CODES.replace(' ', '|')}|{WORDS})(?![A-Za-z])"
# Digits with a decimal sign; thousands are grouped by the other sign, spaces or apostrophes, in India also by twos.
DIGITS = {
    ".": r"(?=\.?\d)(?:\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:[ ']\d{3})+|\d+)?(?:\.\d*)?",
    ",": r"(?=,?\d)(?:\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ ']\d{3})+|\d+)?(?:,\d*)?",
}
ANY_DIGITS = r"[.,]?\d(?:[\d.,' ]*[\d.,])?"
THREE_DECIMALS = re.compile(r"\d{1,3}[.,]\d{3}")  # 1,234 is more than a thousand, or 1.234
PHONE_DIGITS = 7  # numbers with a plus sign and at least so many digits are codes
GROUPED_CODE_DIGITS = 9  # grouped numbers of one length with at least so many digits are codes; amounts vary in length

Decimal = Literal[".", ","]


@describable
@dataclass(frozen=True, slots=True)
class NumberFormat:
    """Format of the numbers of a column.

    Attributes
    ----------
    decimal : {".", ","}
        Decimal separator; the other sign, spaces and apostrophes may group thousands.
    unit : str
        Currency, which is optional on either side, or percent sign, which all numbers have; empty for none.
    """

    kind: ClassVar[Literal["numeric"]] = "numeric"
    decimal: Decimal = "."
    unit: str = ""

    @property
    def description(self) -> str:
        """Description of a column in this format."""
        extra = f" with the unit {self.unit!r}" if self.unit else ""
        return f"numbers written as text{extra}" + (" and a decimal comma" if self.decimal == "," else "")

    @property
    def takes_numbers(self) -> bool:
        """Whether numbers that are not text mean the same; .45 and 45 may both be 45 %."""
        return self.unit not in PERCENT

    def parse(self, text: str) -> float | None:
        """Return the number; None if the text is not a number in this format."""
        if self.decimal == "." and self.takes_numbers:
            number = parse_number(text)
            if number is not None:
                return number
        match = _pattern(self.decimal, self.unit).fullmatch(_normalize(text))
        if match is None:
            return None
        opening, sign, before, inner, digits, exponent, after, trailing, closing = match.groups("")
        signs = opening + sign + inner + trailing
        if len(signs) > 1 or bool(opening) != bool(closing) or (before and after):
            return None
        if not (before or after or self.takes_numbers):
            return None
        other = "," if self.decimal == "." else "."
        plain = digits.replace(other, "").replace(" ", "").replace("'", "").replace(self.decimal, ".")
        number = float(plain + exponent)
        return (-number if signs in ("-", "(") else number) if math.isfinite(number) else None


def infer_number_format(texts: Sequence[str]) -> NumberFormat | None:
    """Infer the format that parses most of the distinct texts; None if none is a number.

    A comma or a point before three digits may group thousands or begin decimals.  Other numbers of the column decide;
    if none does, numbers below a thousand without decimals show that it groups.
    """
    amounts = [amount for amount in map(_split_amount, texts) if amount is not None]
    if not amounts:
        return None
    units = Counter(unit for unit, _ in amounts)
    unit = max((u for u in units if u), key=lambda u: (units[u], u), default="")
    if unit in PERCENT and units[""] >= units[unit]:
        unit = ""
    digits = [digits for of_amount, digits in amounts if of_amount in ("", unit)]
    point, comma = (sum(bool(re.fullmatch(DIGITS[d], text)) for text in digits) for d in (".", ","))
    if point != comma:
        return NumberFormat("." if point > comma else ",", unit)
    return NumberFormat(_infer_decimal(digits), unit)


def _infer_decimal(digits: Sequence[str]) -> Decimal:
    """Infer the decimal separator if every number fits both, such as 1,234 and 567."""
    unsettled = [text for text in digits if THREE_DECIMALS.fullmatch(text)]
    if not any("." in text for text in unsettled):
        return "," if any(text.startswith("0,") for text in unsettled) else "."
    groups = any(text.isdigit() for text in digits) and not any(text.startswith("0.") for text in unsettled)
    return "," if groups and not any("," in text for text in unsettled) else "."


def detect_codes(texts: Sequence[str]) -> str:
    """Return why numeric texts are codes, such as leading zeros; empty if they are numbers."""
    plain = [text.strip().translate(PLAIN_SIGNS) for text in texts]
    digits = [text.lstrip("+-") for text in plain]
    if any(text[:1] == "0" and text[1:2].isdigit() for text in digits):
        return "numbers with leading zeros"
    whole = [text.replace(" ", "") for text in digits]
    if not whole or not all(text.isdigit() for text in whole):
        return ""
    if all(text.startswith("+") for text in plain) and min(map(len, whole)) >= PHONE_DIGITS:
        return "whole numbers with a plus sign"
    grouped = all(" " in text for text in digits)
    same = len(set(map(len, whole))) == 1 and len(whole[0]) >= GROUPED_CODE_DIGITS
    return "digits in groups, of one length" if grouped and same else ""


def looks_like_number(text: str) -> bool:
    """Return whether a text is a number in any format."""
    return _split_amount(text) is not None


def parse_number(value: Any) -> float | None:
    """Convert a value to a finite number; None if it is not one."""
    if isinstance(value, str) and "_" in value:  # Python reads 1_000, people do not
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _split_amount(text: str) -> tuple[str, str] | None:
    """Split an amount into its unit and its digits with separators; None if it is not a number in any format."""
    match = _pattern().fullmatch(_normalize(text))
    if match is None:
        return None
    opening, sign, before, inner, digits, _, after, trailing, closing = match.groups("")
    if len(opening + sign + inner + trailing) > 1 or bool(opening) != bool(closing) or (before and after):
        return None
    return before + after, digits


@cache
def _pattern(decimal: Decimal | None = None, unit: str | None = None) -> re.Pattern[str]:
    """Compile the pattern of an amount; by default with any decimal separator, in any unit."""
    digits = ANY_DIGITS if decimal is None else DIGITS[decimal]
    unit = UNIT if unit is None else re.escape(unit)
    return re.compile(
        rf"(\()?\s*([-+])?\s*({unit})?\s*([-+])?\s*({digits})([eE][-+]?\d{{1,3}})?\s*({unit})?\s*(-)?\s*(\))?"
    )


def _normalize(text: str) -> str:
    """Unify typographic variants of signs, and collapse white space."""
    return " ".join((text if text.isascii() else text.translate(PLAIN_SIGNS)).split())
