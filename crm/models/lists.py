"""What all lists of Settings and maintenance have in common, and the two lists of sales."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from crm.palette import Tone
from crm.text import fold


class ListQuerySet(models.QuerySet):
    """List items in their order, with the folded name kept true in bulk too."""

    def active(self, *, include: Any = None) -> Self:
        """Items that may be chosen; `include` (a pk) stays even if deleted, for a record that already has it."""
        return self.filter(models.Q(archived_at=None) | models.Q(pk=include) if include else models.Q(archived_at=None))

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for obj in objs:
            obj.name_key = fold(obj.name)
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        objs, names = list(objs), list(fields)
        if "name" in names:
            for obj in objs:
                obj.name_key = fold(obj.name)
            names.append("name_key")
        return super().bulk_update(objs, names, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        if "name" not in kwargs or "name_key" in kwargs:  # the latter from bulk_update()
            return super().update(**kwargs)
        if isinstance(kwargs["name"], str):
            return super().update(**kwargs, name_key=fold(kwargs["name"]))
        with transaction.atomic(using=self.db):  # an expression: only the database knows the new names
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**kwargs)
            self.model._default_manager.using(self.db).bulk_update(self.model._default_manager.filter(pk__in=pks), ["name"])
        return count


class ListItem(models.Model):
    """An item an administrator edits. Deleting is soft (C4); the name is unique whatever its case, deleted ones included (C2)."""

    LONGEST_KEY = 200  # characters

    name = models.CharField(_("name"), max_length=80)
    name_key = models.CharField(max_length=LONGEST_KEY, unique=True, editable=False, error_messages={"unique": _("Another item already has this name")})
    description = models.TextField(_("description"), blank=True, max_length=500)
    colour = models.CharField(_("colour"), max_length=10, choices=Tone, default=Tone.GREY)
    position = models.PositiveIntegerField(_("order"), default=0)
    archived_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    objects: ClassVar[Any] = ListQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def replacements(self) -> Any:
        """The items that may take its place (C4)."""
        return type(self)._default_manager.active().exclude(pk=self.pk)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        self.name_key = fold(self.name)
        super().clean_fields(exclude)
        if len(self.name_key) > self.LONGEST_KEY:  # one letter may fold into three
            raise ValidationError({"name": _("This name is too long. Choose a shorter one")})
        taken = type(self)._default_manager.filter(name_key=self.name_key).exclude(pk=self.pk).first() if self.name_key else None
        if taken:
            deleted = _("A deleted item already has this name. Show deleted items to restore it, or choose another name")
            raise ValidationError({"name": deleted if taken.archived_at else type(self)._meta.get_field("name_key").error_messages["unique"]})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.name = " ".join(self.name.split())
        self.name_key = fold(self.name)
        if self._state.adding and not self.position:
            last = type(self)._default_manager.aggregate(last=models.Max("position"))["last"]
            self.position = (last or 0) + 1
        if "name" in (kwargs.get("update_fields") or ()):
            kwargs["update_fields"] = {*kwargs["update_fields"], "name_key"}
        super().save(*args, **kwargs)


class SaleStage(ListItem):
    """Where an open sale is in the pipeline."""

    probability = models.PositiveSmallIntegerField(_("probability"), default=0, help_text=_("Percent"))

    class Meta(ListItem.Meta):
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(probability__lte=100),
                name="stage_probability_at_most_100",
                violation_error_message=_("Enter a probability from 0 to 100"),
            )
        ]


class SaleReason(ListItem):
    """Why sales are won or lost."""

    class AppliesTo(models.TextChoices):
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    applies_to = models.CharField(_("applies to"), max_length=10, choices=AppliesTo, default=AppliesTo.LOST)

    class Meta(ListItem.Meta):
        verbose_name = _("reason")
        verbose_name_plural = _("reasons")

    def replacements(self) -> Any:
        """Why a sale was lost is no reason for having won one."""
        return super().replacements().filter(applies_to=self.applies_to)
