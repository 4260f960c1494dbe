"""Numbers and amounts that people read. Keys and values of attributes stay plain, so nothing is grouped that does not ask for it."""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_currency
from django.utils.formats import number_format
from django.utils.translation import get_language


class Number(int):
    """How many there are: shown as 1,234 or 1.234, in a template and in `"{n} sales".format(n=...)`; else an int like any other."""

    def __str__(self) -> str:
        return number_format(int(self), force_grouping=True)

    def __format__(self, spec: str) -> str:
        return format(int(self), spec) if spec else str(self)


class CappedNumber(Number):
    """A number that was not counted beyond `CAP`: 48, or 1,000+."""

    CAP = 1_000

    def __str__(self) -> str:
        return f"{Number(self.CAP)}+" if self > self.CAP else super().__str__()


def money(amount: Decimal, currency: str = "DKK") -> str:
    """DKK 860,000 or 860.000 kr., without decimals unless there are some."""
    digits = "#,##0" if amount == amount.to_integral_value() else "#,##0.00"
    if (get_language() or "en").startswith("da"):
        return format_currency(amount, currency, f"{digits} ¤", locale="da", currency_digits=False)
    return format_currency(amount, currency, f"¤¤ {digits}", locale="en", currency_digits=False)
