"""Where a person's name or e-mail address stands in what people wrote: found, and replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import IContains
from django.utils.translation import gettext, override


def erased_person() -> str:
    """What stands where a name was: in the language of the installation, as the names of lists."""
    with override(settings.LANGUAGE_CODE):
        return gettext("Erased person")


def erased_text() -> str:
    """What stands where a text was."""
    with override(settings.LANGUAGE_CODE):
        return gettext("Erased")


class Mentions:
    """What a person is called. An address means only them, wherever it stands; a name may be somebody else's, except at their companies.

    A first name alone is not looked for at all.
    """

    def __init__(self, names: Collection[str], addresses: Collection[str], companies: Collection[int]) -> None:
        self.addresses = sorted({address.strip() for address in addresses if address.strip()})
        self.names = sorted({name.strip() for name in names if " " in name.strip()})
        self.companies = list(companies)
        self._far, self._near = _pattern(self.addresses), _pattern([*self.addresses, *self.names])

    def remove(self, value: Any, *, near: bool) -> Any:
        """A text, or what a JSON column holds, without the person; `near` says that it is about one of their companies."""
        pattern = self._near if near else self._far
        if isinstance(value, list):
            return [self.remove(one, near=near) for one in value]
        if isinstance(value, dict):
            return {key: self.remove(one, near=near) for key, one in value.items()}
        return pattern.sub(erased_person(), value) if pattern and isinstance(value, str) else value

    def found(self, model: type[models.Model], names: Sequence[str], *, company: str = "") -> Iterator[tuple[Any, dict[str, Any]]]:
        """Rows that mention them in one of these columns, with what is to stand there. `company` is the way to the row's company.

        Reads the whole table: one statement.
        """
        texts = [(address, Q()) for address in self.addresses]
        texts += [(name, Q(**{f"{company}__in": self.companies})) for name in self.names if company]
        looks = [_holds(model, name, text) & where for text, where in texts for name in names]
        query: models.QuerySet[Any] = models.QuerySet(model)
        for row in query.filter(reduce(or_, looks)).annotate(row_company=models.F(f"{company}_id" if company else "pk")).order_by("pk") if looks else []:
            new = {name: self.remove(getattr(row, name), near=bool(company) and row.row_company in self.companies) for name in names}
            if any(getattr(row, name) != new[name] for name in names):
                yield row, new

    def clear(self, model: type[models.Model], names: Sequence[str], *, company: str = "") -> None:
        """Replace them there, past what watches the rows. A statement for each row."""
        for row, new in list(self.found(model, names, company=company)):
            models.QuerySet(model).filter(pk=row.pk).update(**new)


def _pattern(texts: Sequence[str]) -> re.Pattern[str] | None:
    words = [re.escape(text) for text in sorted(texts, key=len, reverse=True) if text]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) if words else None


def _holds(model: type[models.Model], name: str, text: str) -> Q:
    """A coarse look; `remove()` decides. SQLite knows only the case of English letters, and keeps the others of JSON as \\u00f8."""
    if isinstance(model._meta.get_field(name), models.JSONField):
        column = Cast(name, TextField())
        return reduce(or_, (Q(IContains(column, one)) for one in _spellings(json.dumps(text)[1:-1], text)))
    return reduce(or_, (Q(**{f"{name}__icontains": one}) for one in _spellings(text)))


def _spellings(*texts: str) -> list[str]:
    return list(dict.fromkeys(one for text in texts for one in (text, text.lower(), text.upper(), text.title())))
