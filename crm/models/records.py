"""What companies, contacts and sales share."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm import identity, search_index
from crm.models.bulk import CHUNK, WatchedQuerySet, is_held
from crm.models.watch import Watched
from crm.text import LONGEST, fold


class Record(Watched):
    """What companies, contacts and sales share: archiving, search, and the key of another system (for imports)."""

    SEARCHED: ClassVar[tuple[str, ...]] = ()
    KEYS: ClassVar[dict[str, str]] = {}  # columns by which records are compared, and the column each is made of by `crm.identity`

    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    external_source = models.CharField(_("imported from"), max_length=40, blank=True)
    external_key = models.CharField(_("key in that system"), max_length=100, blank=True)
    search_text = models.TextField(editable=False, default="")

    class Meta:
        abstract = True

    def derive(self) -> None:
        if self._has_changed(self.SEARCHED):
            self.search_text = fold(" ".join(str(getattr(self, name) or "") for name in self.SEARCHED))
        for key, name in self.KEYS.items():
            if self._has_changed((name,)):
                setattr(self, key, getattr(identity, key)(getattr(self, name) or ""))

    def _has_changed(self, names: tuple[str, ...]) -> bool:
        """Whether what is made of these columns may be another now. Where some are deferred, only if one that is there has changed."""
        here = self.__dict__
        if here.keys() >= set(names):
            return True
        known = self.memory.known(self._state.db or DEFAULT_DB_ALIAS) or {}
        return any(here[name] != known.get(name, here) for name in names if name in here)

    @classmethod
    def derived_names(cls, names: set[str]) -> set[str]:
        searched = {"search_text"} if names & set(cls.SEARCHED) else set()
        return searched | {key for key, name in cls.KEYS.items() if name in names}


class RecordQuerySet(WatchedQuerySet):
    """Search and archive, as every list offers them."""

    def current(self) -> Self:
        """Records that are not archived."""
        return self.filter(archived_at=None)

    def search(self, text: str) -> Self:
        """Records that hold every word of `text`, whatever its case, Æ, Ø and Å included. Asks the index at once: a statement."""
        words = fold(text[:LONGEST]).split()
        query = self
        for word in words:
            query = query.filter(search_text__contains=word)
        few = search_index.find(self.model._meta.db_table, words, self.db)
        if few is None:
            return query
        return query.filter(pk__among=few) if few else self.none()

    def found_by(self, text: str) -> Self:
        """What the search of their list finds: `search()`, and where rows show more than that looks at, that too."""
        return self.search(text)

    def update(self, **kwargs: Any) -> int:
        """As `WatchedQuerySet.update()`; the columns for searching and comparing follow those they are made of."""
        following = self.model.derived_names(set(kwargs)) & {"search_text", *self.model.KEYS}
        if is_held() or not following:
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**kwargs)
            plain = models.QuerySet(self.model, using=self.db)
            rows = list(plain.filter(pk__in=pks))
            for row in rows:
                row.derive()
            plain.bulk_update(rows, sorted(following), batch_size=CHUNK)
        return count

    update.alters_data = True


def external_constraint(name: str) -> models.UniqueConstraint:
    """One record for each key of another system."""
    return models.UniqueConstraint(fields=["external_source", "external_key"], condition=~Q(external_key=""), name=name)
