"""Lead forms: what visitors of a website fill in, and what becomes of it (I1)."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models import CompanyCategory
from leads.models.statuses import LeadStatus

OWN_FIELDS = 3  # a form may have
LONGEST_TEXT = 255  # characters of a short answer, and of anything a link brings


class Ask(NamedTuple):
    """Something a form asks for, as a value: see `LeadFormField`."""

    key: str
    kind: str = ""
    label: str = ""
    choices: str = ""
    is_required: bool = False


class LeadFormQuerySet(models.QuerySet["LeadForm"]):
    """Lead forms; a deleted one stays behind its inquiries."""

    def active(self) -> Self:
        """Those that are not deleted, switched off ones included."""
        return self.filter(archived_at=None)

    def public(self) -> Self:
        """Those that answer visitors."""
        return self.active().filter(is_on=True)


class LeadForm(models.Model):
    """A form on the web. What it asks is in its `fields`; who gets what comes in, in its `distribution`, else in the default one."""

    slug = models.SlugField(_("address"), max_length=60, unique=True, error_messages={"unique": _("Another form already has this address")})
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"), blank=True, max_length=2000)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    is_on = models.BooleanField(_("receives inquiries"), default=True)
    category = models.ForeignKey(CompanyCategory, models.PROTECT, related_name="lead_forms", verbose_name=_("category of new companies"))
    lead_status = models.ForeignKey(LeadStatus, models.PROTECT, null=True, blank=True, related_name="lead_forms", verbose_name=_("lead status"))
    consent_text = models.TextField(_("consent"), blank=True, max_length=1000)
    consent_version = models.PositiveIntegerField(default=1, editable=False)  # rises with every change of the text
    consent_required = models.BooleanField(_("must be ticked"), default=True)
    privacy_url = models.URLField(_("page about personal data"), blank=True)
    button = models.CharField(_("button"), max_length=40, blank=True)
    thanks = models.TextField(_("thank-you text"), blank=True, max_length=2000)
    thanks_url = models.URLField(_("or a page of your own"), blank=True)
    sites = models.TextField(_("allowed sites"), blank=True, max_length=2000)  # one origin in each line: https://www.example.dk
    version = models.PositiveIntegerField(default=1, editable=False)  # rises with every save on the settings screen
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    archived_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)

    objects: ClassVar[Any] = LeadFormQuerySet.as_manager()

    class Meta:
        ordering = ["title", "pk"]
        verbose_name = _("lead form")
        verbose_name_plural = _("lead forms")
        constraints = [models.CheckConstraint(condition=Q(archived_at=None) | Q(is_on=False), name="deleted_lead_form_is_off")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The page visitors fill in."""
        return reverse("leads:public-form", args=[self.slug])

    @property
    def origins(self) -> list[str]:
        """The sites that may show this form."""
        return self.sites.split()

    @property
    def asks(self) -> list[Ask]:
        """What it asks for, in order. One statement."""
        return [Ask(field.key, field.kind, field.label, field.choices, field.is_required) for field in self.fields.all()] if self.pk else []

    @property
    def distributed_by(self) -> str:
        """Whether its inquiries are spread by the default distribution or by its own. One statement."""
        return "own" if self.pk and hasattr(self, "distribution") else "default"


class LeadFormField(models.Model):
    """Something a form asks for: one of the standard fields by its key, or one of up to three of its own."""

    class Key(models.TextChoices):
        COMPANY = "company", _("Company")
        FIRST_NAME = "first_name", _("First name")
        LAST_NAME = "last_name", _("Last name")
        EMAIL = "email", _("Email address")
        PHONE = "phone", _("Telephone")
        MESSAGE = "message", _("Message")
        OWN_1 = "own_1", _("Own field 1")
        OWN_2 = "own_2", _("Own field 2")
        OWN_3 = "own_3", _("Own field 3")

    class Kind(models.TextChoices):
        STANDARD = "", _("Standard")
        TEXT = "text", _("Text")
        CHOICE = "choice", _("Choice")
        CHECKBOX = "checkbox", _("Checkbox")

    OWN = (Key.OWN_1, Key.OWN_2, Key.OWN_3)

    form = models.ForeignKey(LeadForm, models.CASCADE, related_name="fields")
    key = models.CharField(max_length=12, choices=Key)
    kind = models.CharField(max_length=10, choices=Kind, blank=True, default="")
    label = models.CharField(_("question"), max_length=120, blank=True)  # empty: the standard one in the form's language
    choices = models.TextField(_("choices"), blank=True, max_length=2000)  # one in each line
    is_required = models.BooleanField(_("required"), default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("field of a lead form")
        verbose_name_plural = _("fields of lead forms")
        constraints = [
            models.UniqueConstraint(fields=["form", "key"], name="one_field_per_key"),
            models.CheckConstraint(
                condition=Q(kind="", key__in=["company", "first_name", "last_name", "email", "phone", "message"])
                | Q(kind__in=["text", "choice", "checkbox"], key__in=["own_1", "own_2", "own_3"]),
                name="own_fields_have_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.label or str(self.get_key_display())
