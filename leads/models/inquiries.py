"""What came in through a lead form, and where it came from (I2, I3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.models import Company, Contact
from crm.sql import CHUNK
from crm.text import LONGEST, fold
from leads.models.forms import LONGEST_TEXT, LeadForm


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    """Inquiries as their list asks for them; `search_text` follows what was typed on every road."""

    def current(self) -> Self:
        """All of them: an inquiry is not archived."""
        return self.all()

    def received(self) -> Self:
        """Without spam."""
        return self.filter(state=Inquiry.State.RECEIVED)

    def waiting_for(self, user: Any) -> Self:
        """What is given to this user and not marked as handled."""
        return self.received().filter(owner=user, handled_at=None)

    def found_by(self, text: str) -> Self:
        """Those that hold every word of `text`, whatever its case."""
        query = self
        for word in fold(text[:LONGEST]).split():
            query = query.filter(search_text__contains=word)
        return query

    def update(self, **kwargs: Any) -> int:
        """As Django's; two statements more for each 2,000 where something that is searched changes."""
        if not Inquiry.SEARCHED & kwargs.keys():
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            pks = list(self.values_list("pk", flat=True))
            count = super().update(**kwargs)
            plain = models.QuerySet(Inquiry, using=self.db)
            rows = list(plain.filter(pk__in=pks).only("pk", *Inquiry.SEARCHED))
            for row in rows:
                row.search_text = row.searched()
            plain.bulk_update(rows, ["search_text"], batch_size=CHUNK)
        return count

    update.alters_data = True

    def bulk_create(self, objs: Iterable[Inquiry], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for obj in objs:
            obj.search_text = obj.searched()
        return super().bulk_create(objs, *args, **kwargs)


class Inquiry(models.Model):
    """One filled-in form, as it was sent. `key` came with the form, so that what is sent twice is one (I3).

    Spam has neither contact nor company, until somebody says that it is none.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        SPAM = "spam", _("Spam")

    class SpamReason(models.TextChoices):
        NONE = "", ""
        TRAP = "trap", _("A field that people do not see was filled in")
        TOO_FAST = "too_fast", _("It was sent faster than anybody can type")
        TOO_MANY = "too_many", _("More came in at once than usual")
        BY_HAND = "by_hand", _("Somebody moved it here")

    class ContactMatch(models.TextChoices):
        NONE = "", ""
        EMAIL = "email", _("The email address was known")
        NEW = "new", _("New contact")
        SPLIT = "split", _("Made a contact of its own by hand")

    class CompanyMatch(models.TextChoices):
        NONE = "", ""
        CONTACT = "contact", _("The contact’s company")
        DOMAIN = "domain", _("A company with this email domain was known")
        NAME = "name", _("A company of this name was known")
        NEW = "new", _("New company")
        SPLIT = "split", _("Made a company of its own by hand")

    form = models.ForeignKey(LeadForm, models.PROTECT, related_name="inquiries", verbose_name=_("lead form"))
    key = models.UUIDField(editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    spam_reason = models.CharField(max_length=10, choices=SpamReason, blank=True, default="")
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    language = models.CharField(max_length=10, default="en")

    company_name = models.CharField(_("company"), max_length=200, blank=True)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    email = models.EmailField(_("email address"), blank=True)
    email_key = models.CharField(max_length=254, blank=True, editable=False)  # as it is compared: `leads.matching.email_key()`
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    message = models.TextField(_("message"), blank=True, max_length=5000)
    own = models.JSONField(default=list, blank=True)  # own fields: [[label, answer], ...] in the words of that moment

    consent = models.BooleanField(_("consent given"), default=False)
    consent_text = models.TextField(blank=True)  # what was agreed to, in the words of that moment
    consent_version = models.PositiveIntegerField(null=True)

    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="inquiries", verbose_name=_("contact"))
    company = models.ForeignKey(Company, models.PROTECT, null=True, related_name="inquiries", verbose_name=_("company"))
    contact_match = models.CharField(max_length=10, choices=ContactMatch, blank=True, default="")
    company_match = models.CharField(max_length=10, choices=CompanyMatch, blank=True, default="")
    match_facts = models.JSONField(default=dict, editable=False)  # what else was found, for saying why: `leads.matching.Found.facts`
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="inquiries", verbose_name=_("goes to"))
    handled_at = models.DateTimeField(_("handled"), null=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    erased_at = models.DateTimeField(_("erased"), null=True)
    external_source = models.CharField(_("imported from"), max_length=40, blank=True)
    external_key = models.CharField(_("key in that system"), max_length=100, blank=True)
    search_text = models.TextField(editable=False, default="")

    SEARCHED = frozenset({"company_name", "first_name", "last_name", "email", "phone", "message"})

    objects: ClassVar[Any] = InquiryQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["-received_at", "-pk"]
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        indexes = [
            models.Index(fields=["state", "-received_at", "-id"], name="inquiry_order"),
            models.Index(fields=["owner", "state", "-received_at", "-id"], name="inquiry_of_owner"),
            models.Index(fields=["email_key"], name="inquiry_email_key"),
            models.Index(fields=["owner", "state"], condition=Q(handled_at=None), name="inquiry_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["form", "key"], name="one_inquiry_per_key"),
            models.UniqueConstraint(fields=["external_source", "external_key"], condition=~Q(external_key=""), name="one_inquiry_per_external_key"),
            models.CheckConstraint(
                condition=Q(state="spam", contact=None, company=None) | Q(state="received", contact__isnull=False, company__isnull=False),
                name="received_inquiry_has_a_contact",
            ),
            models.CheckConstraint(condition=Q(handled_at=None, handled_by=None) | Q(handled_at__isnull=False), name="handled_inquiry_has_a_time"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("leads:inquiry", args=[self.pk])

    def save(self, *args: Any, **kwargs: Any) -> None:
        names = kwargs.get("update_fields")
        self.search_text = self.searched()
        if names is not None and self.SEARCHED & set(names):
            kwargs["update_fields"] = {*names, "search_text"}
        super().save(*args, **kwargs)

    def searched(self) -> str:
        """What it is found by."""
        return fold(" ".join([self.first_name, self.last_name, self.company_name, self.email, self.phone, self.message]))

    @property
    def is_spam(self) -> bool:
        """Whether it is in the spam folder."""
        return self.state == self.State.SPAM

    @property
    def name(self) -> str:
        """First and last name as typed."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def title(self) -> str:
        """What it is called in a list: who, and of which company."""
        if self.erased_at:  # what was typed; the person may still be there
            return str(self.contact) if self.contact and not self.contact.erased_at else gettext("Erased person")
        return ", ".join(dict.fromkeys(filter(None, [self.name or self.email or self.phone, self.company_name]))) or gettext("Unnamed")

    @property
    def own_answers(self) -> list[tuple[str, str]]:
        """Own questions with their answers; only what is a pair of texts, whatever the column holds."""
        return [(str(pair[0]), str(pair[1])) for pair in self.own or [] if isinstance(pair, list | tuple) and len(pair) == 2]

    @property
    def first_line(self) -> str:
        """The first line of the message."""
        return self.message.strip().partition("\n")[0].strip()


UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
TRACKED = (*UTM, "referring_domain", "landing_page")


class VisitChanged(Exception):
    """Where a lead came from is never changed afterwards (I2)."""


class VisitQuerySet(models.QuerySet["Visit"]):
    """Visits are written once."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise VisitChanged

    update.alters_data = True


class Visit(models.Model):
    """Where somebody came from: at the first touch, and in the visit in which the form was sent (I2). Untrusted; never changed."""

    class Touch(models.TextChoices):
        FIRST = "first", _("First visit")
        SENT = "sent", _("Visit in which the form was sent")

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="visits")
    touch = models.CharField(max_length=5, choices=Touch)
    at = models.DateTimeField(null=True)  # of the first one as the visitor's browser says
    utm_source = models.CharField(max_length=LONGEST_TEXT, blank=True)
    utm_medium = models.CharField(max_length=LONGEST_TEXT, blank=True)
    utm_campaign = models.CharField(max_length=LONGEST_TEXT, blank=True)
    utm_term = models.CharField(max_length=LONGEST_TEXT, blank=True)
    utm_content = models.CharField(max_length=LONGEST_TEXT, blank=True)
    referring_domain = models.CharField(_("referring domain"), max_length=LONGEST_TEXT, blank=True)
    landing_page = models.CharField(_("landing page"), max_length=LONGEST_TEXT, blank=True)

    objects: ClassVar[Any] = VisitQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        ordering = ["inquiry", "touch"]
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints = [models.UniqueConstraint(fields=["inquiry", "touch"], name="one_visit_per_touch")]
        indexes = [
            models.Index(fields=["touch", "utm_source", "inquiry"], name="visit_source"),
            models.Index(fields=["touch", "utm_campaign", "inquiry"], name="visit_campaign"),
        ]

    def __str__(self) -> str:
        return " / ".join(filter(None, [self.utm_source, self.utm_medium, self.utm_campaign])) or self.referring_domain

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is known, each with what it is called."""
        labels = (
            gettext("Source"),
            gettext("Medium"),
            gettext("Campaign"),
            gettext("Search term"),
            gettext("Content"),
            gettext("Referred by"),
            gettext("Landing page"),
        )
        return [(label, value) for label, value in zip(labels, self.known, strict=True) if value]

    @property
    def known(self) -> list[str]:
        """The values, for comparing two visits."""
        return [getattr(self, name) for name in TRACKED]

    @property
    def shown(self) -> str:
        """The source in few words: of the campaign its name, else who referred."""
        return " / ".join(filter(None, [self.utm_source, self.utm_campaign])) or self.referring_domain

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise VisitChanged
        super().save(*args, **kwargs)
