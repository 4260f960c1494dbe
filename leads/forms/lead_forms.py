"""The editor of a lead form, and what is asked before one is deleted (I1)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from crm.forms.base import SeenForm, Styled
from crm.models import CompanyCategory
from crm.text import as_pk
from leads.forms.asks import NEW, AsksField, Row, check
from leads.intake import lines
from leads.lead_forms import DEFAULT, OWN, free_slug
from leads.models import LeadForm, LeadFormField, LeadStatus
from leads.web_addresses import BadAddress, origins_of, page_address, slug_of

SHARED_OUT = [(DEFAULT, _("The default distribution")), (OWN, _("A distribution of its own"))]
ROWS = {"text": 2, "consent_text": 2, "thanks": 2, "sites": 2}


class LeadFormForm(SeenForm):
    """A lead form. What it asks for and who gets what comes in are compared with a colleague's like every other value."""

    asks = AsksField(label=_("What it asks for"))
    distributed_by = forms.ChoiceField(label=_("Who gets what comes in"), choices=SHARED_OUT, initial=DEFAULT)
    slug = forms.CharField(label=_("Address"), max_length=60, required=False)
    request_id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = LeadForm
        fields = [
            "title", "text", "slug", "language", "is_on", "asks", "consent_text", "consent_required", "privacy_url", "button", "thanks", "thanks_url",
            "category", "lead_status", "distributed_by", "sites",
        ]  # fmt: skip
        labels = {
            "title": _("Title"), "text": _("Text"), "language": _("Language"), "is_on": _("Receives inquiries"),
            "consent_text": _("Consent"), "consent_required": _("Must be ticked"), "privacy_url": _("Page about personal data"), "button": _("Button"),
            "thanks": _("Thank-you text"), "thanks_url": _("Or a page of your own"), "category": _("Category of new companies"),
            "lead_status": _("Lead status of new contacts"), "sites": _("Allowed sites"),
        }  # fmt: skip
        help_texts = {
            "text": _("Stands under the title, before the first question."),
            "language": _("Of the standard questions, the buttons and what is said when something is wrong. Your own texts stay as you write them."),
            "is_on": _("Otherwise visitors are told that the form is closed."),
            "consent_text": _("What visitors agree to, in your words. Empty: nothing is asked. What somebody agreed to is kept with each inquiry."),
            "privacy_url": _("Your own page, such as https://www.example.dk/privacy. A link to it stands beside the consent."),
            "button": _("Empty: Send, in the language of the form."),
            "thanks": _("What visitors read when they have sent it. Empty: a short thank-you in the language of the form."),
            "thanks_url": _("Where visitors are led instead, such as https://www.example.dk/thanks."),
            "category": _("Companies that are known already keep theirs."),
            "lead_status": _("Contacts that have one already keep it."),
            "sites": _("The sites that may show this form, one on each line: https://www.example.dk. On its own page it can always be filled in."),
        }  # fmt: skip
        field_classes = {"privacy_url": forms.CharField, "thanks_url": forms.CharField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = not self.instance.pk
        self.initial = {**self.initial, "asks": NEW if is_new else self.instance.asks, "distributed_by": self.instance.distributed_by}
        self.fields["request_id"].initial = uuid.uuid4
        for name, rows in ROWS.items():
            self.fields[name].widget = forms.Textarea(attrs={"rows": rows})
        for name in ("thanks_url", "privacy_url"):
            self.fields[name].widget = forms.TextInput(attrs={"inputmode": "url"})
        self.fields["slug"].help_text = _("Empty: made from the title.") if is_new else _("If you change it, links and snippets with the old one stop working.")
        self.fields["title"].widget.attrs |= {"autofocus": True} if is_new else {}
        self.fields["title"].error_messages["required"] = _("Enter a title")
        self._offer()
        self.style()

    def _offer(self) -> None:
        """The categories and lead statuses that can be chosen."""
        gone = _("That is no longer in the list. Choose another one")
        category, status = self.fields["category"], self.fields["lead_status"]
        category.queryset, status.queryset = categories_for(self.instance), LeadStatus.objects.active(include=self.instance.lead_status_id)
        category.empty_label, status.empty_label = (None if self.has_categories else _("Select category")), _("The default")
        category.error_messages |= {"required": _("Select a category"), "invalid_choice": gone}
        status.error_messages["invalid_choice"] = gone
        if not self.instance.pk and not self.initial.get("category"):
            self.initial["category"] = first_category(category.queryset)

    @property
    def rows(self) -> list[Row]:
        """What it asks for, as it stands on the page, with what is wrong where that has been said."""
        rows = self["asks"].value()
        if self.is_bound and "asks" in self.errors:
            check(rows)
        return rows

    def take_asks(self, rows: list[Row]) -> None:
        """Let it ask for this instead of what was sent."""
        self.data = self.data.copy()
        self.data["asks"] = rows

    def as_typed(self) -> None:
        """Show it as it was sent, without saying what is wrong: somebody is in the middle of it."""
        self._errors = ErrorDict()
        self.cleaned_data = {}

    @property
    def has_categories(self) -> bool:
        """Whether there is a category to choose."""
        return self.fields["category"].queryset.exists()

    @property
    def category_lost(self) -> CompanyCategory | None:
        """The category that is chosen, where it was right once, and has lost its lead status since."""
        category = self.fields["category"].queryset.filter(pk=as_pk(self["category"].value())).first()
        return category if category and not category.lead_status_enabled else None

    @property
    def slug_now(self) -> str:
        """The address that what is typed at this moment would get."""
        return slug_of(self["slug"].value() or "") or slug_of(self["title"].value() or "")

    def clean_slug(self) -> str:
        """As typed, in the letters of an address; from the title where nothing was."""
        typed = self.cleaned_data["slug"]
        slug = slug_of(typed)
        if not typed:
            return free_slug(slug_of(self.cleaned_data.get("title", "")))
        if not slug:
            raise forms.ValidationError(_("Use letters from a to z, digits and hyphens"))
        taken = LeadForm.objects.filter(slug=slug).exclude(pk=self.instance.pk).first()
        if taken and taken.archived_at:
            raise forms.ValidationError(_("A deleted form has this address. Choose another one, or show deleted forms and restore it"))
        if taken:
            raise forms.ValidationError(_("“{title}” already has this address. Choose another one").format(title=taken.title))
        return slug

    def clean_sites(self) -> str:
        """One origin on each line."""
        return self._checked("sites", lambda text: "\n".join(origins_of(text)))

    def clean_thanks_url(self) -> str:
        """A page of theirs; its host is named in the policy of the public page."""
        return self._checked("thanks_url", page_address)

    def clean_privacy_url(self) -> str:
        """A page of theirs."""
        return self._checked("privacy_url", page_address)

    def clean(self) -> dict[str, Any]:
        """Line breaks as they are compared: sending a text again does not change it."""
        cleaned = super().clean() or self.cleaned_data
        return cleaned | {name: lines(cleaned[name]) for name in ("text", "consent_text", "thanks") if name in cleaned}

    def _checked(self, name: str, check_it: Callable[[str], str]) -> str:
        try:
            return check_it(self.cleaned_data[name]) if self.cleaned_data[name] else ""
        except BadAddress as bad:
            raise forms.ValidationError(str(bad)) from None

    def typed_form(self) -> tuple[LeadForm, list[LeadFormField]]:
        """What visitors would see of what is typed, as far as it is right; nothing is saved. Of a bound form."""
        self.full_clean()
        typed = LeadForm()
        for name in self._meta.fields:
            if name not in ("asks", "distributed_by", "category", "lead_status"):
                setattr(typed, name, self.cleaned_data.get(name, self[name].value() if name == "title" else getattr(self.instance, name)))
        asks = [row.asked for row in self["asks"].value() if row.is_on]
        return typed, [LeadFormField(form=typed, position=place, **ask._asdict()) for place, ask in enumerate(asks)]


def categories_for(lead_form: LeadForm) -> QuerySet[CompanyCategory]:
    """Those in which a lead can stand, and the one that the form has."""
    return CompanyCategory.objects.filter(Q(lead_status_enabled=True, archived_at=None) | Q(pk=lead_form.category_id)).order_by("position", "pk")


def first_category(offered: QuerySet[CompanyCategory]) -> int | None:
    """The default one for new companies, if it can be chosen; else the first."""
    found = offered.order_by("-is_default", "position", "pk").first()
    return found.pk if found else None


class DeleteLeadFormForm(Styled, forms.Form):
    """What becomes of what visitors typed."""

    KEEP, ERASE = "keep", "erase"
    inquiries = forms.ChoiceField(choices=[(KEEP, ""), (ERASE, "")], error_messages={"required": _("Say what becomes of the inquiries")})

    def __init__(self, data: Any = None, *, count: int) -> None:
        super().__init__(data)
        if not count:
            del self.fields["inquiries"]

    @property
    def erases(self) -> bool:
        """Whether it goes for good."""
        return self.cleaned_data.get("inquiries") == self.ERASE
