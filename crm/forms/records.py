"""Forms of companies, contacts and sales."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from babel.numbers import list_currencies
from django import forms
from django.core.validators import MinValueValidator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.forms.base import AmountField, DateInput, RecordForm, Styled
from crm.forms.choosers import FEW, RecordField, RecordSelect, chosen_in
from crm.models import Company, CompanyCategory, Contact, Sale, SaleReason, SaleStage, Submission, User
from crm.text import as_pk, fold


class CompanyForm(RecordForm):
    """A company; its category only when it is created: later the category has an action of its own, with its history."""

    class Meta:
        model = Company
        fields = ["name", "category", "our_contact", "registration_number", "business", "phone", "website", "address", "postcode", "city", "country"]
        field_classes = {"our_contact": RecordField}
        widgets = {"our_contact": RecordSelect(few=FEW)}
        labels = {
            "name": _("Name"), "category": _("Category"), "our_contact": _("Our contact"), "registration_number": _("CVR no."), "business": _("Business"),
            "phone": _("Telephone"), "website": _("Website"), "address": _("Address"), "postcode": _("Postcode"), "city": _("Town"), "country": _("Country"),
        }  # fmt: skip

    twins_seen = forms.CharField(required=False, widget=forms.HiddenInput)  # the name whose namesakes this page has shown

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.twins: list[Company] = []
        self.fields["our_contact"].queryset = User.objects.active(include=self.instance.our_contact_id)
        if self.instance.pk:
            del self.fields["category"]
        else:
            self.fields["category"].queryset = CompanyCategory.objects.active()
            self.initial["category"] = CompanyCategory.objects.filter(is_default=True).values_list("pk", flat=True).first()
            self.fields["category"].empty_label = None

    def conflict(self) -> bool:
        """As every form; of a new company also whether one of that name exists, which is said once and then let be. Fills `twins`."""
        if self.instance.pk:
            return super().conflict()
        name, sent_before = fold(self.cleaned_data["name"]), Submission.objects.filter(key=self.cleaned_data["request_id"])
        if self.cleaned_data["twins_seen"] != name and not sent_before.exists():  # a double click has made its own namesake
            self.twins = Company.objects.current().namesakes(name)
            self.data = self.data.copy()
            self.data[self.add_prefix("twins_seen")] = name
        return bool(self.twins)


class ContactForm(RecordForm):
    """A contact at a company."""

    class Meta:
        model = Contact
        fields = ["first_name", "last_name", "company", "title", "email", "phone"]
        field_classes = {"company": RecordField}
        labels = {
            "first_name": _("First name"), "last_name": _("Last name"), "company": _("Company"), "title": _("Title"), "email": _("Email address"),
            "phone": _("Telephone"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = _companies(self.instance.company_id)


AT_LEAST_0 = [one for one in Sale._meta.get_field("amount").validators if isinstance(one, MinValueValidator)]  # the field says itself what is too large


class SaleForm(RecordForm):
    """A sale. Won, lost and reopening are actions of their own (S2)."""

    amount = AmountField(label=_("Amount"), required=False, max_digits=14, decimal_places=2, validators=AT_LEAST_0)

    class Meta:
        model = Sale
        fields = ["title", "company", "contact", "stage", "amount", "currency", "expected_close", "owner", "description"]
        field_classes = {"company": RecordField, "contact": RecordField, "owner": RecordField}
        widgets = {"expected_close": DateInput(), "contact": RecordSelect(few=FEW), "owner": RecordSelect(few=FEW)}
        labels = {
            "title": _("Title"), "company": _("Company"), "contact": _("Contact"), "stage": _("Stage"), "amount": _("Amount"), "currency": _("Currency"),
            "expected_close": _("Expected closing date"), "owner": _("Owner"), "description": _("Description"),
        }  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].queryset = _companies(self.instance.company_id)
        self.fields["contact"].queryset = self._contacts()
        self.fields["contact"].error_messages["invalid_choice"] = _("This person does not work at this company")
        self.fields["stage"].queryset = SaleStage.objects.active(include=self.instance.stage_id)
        self.fields["owner"].queryset = User.objects.active(include=self.instance.owner_id)
        if not self.instance.pk:
            self.initial["stage"] = SaleStage.objects.active().values_list("pk", flat=True).first()
        self.fields["description"].widget.attrs["rows"] = 3

    def _contacts(self) -> Any:
        """People at the company that is chosen at this moment, and whoever is on the sale already (L5)."""
        chosen = chosen_in(self.fields["company"], self.data, self.add_prefix("company")) if self.is_bound else self.initial.get("company")
        return self._people_at(chosen.pk if isinstance(chosen, Company) else as_pk(chosen))

    def only(self, *names: str) -> None:
        """As every form; a contact alone is chosen from the company that the sale has."""
        super().only(*names)
        if "contact" in self.fields and "company" not in self.fields:
            self.fields["contact"].queryset = self._people_at(self.instance.company_id)

    def _people_at(self, company: int | None) -> Any:
        self.fields["contact"].widget.scope = {"company": company}
        same = company == self.instance.company_id
        people = Q(company=company, archived_at=None) if company else Q(pk__in=[])
        return Contact.objects.filter(people | Q(pk=self.instance.contact_id) if same and self.instance.contact_id else people)

    def clean_amount(self) -> Any:
        """Nothing typed is 0."""
        return self.cleaned_data["amount"] or Decimal(0)

    def clean_currency(self) -> str:
        """A currency that exists."""
        code = self.cleaned_data["currency"].upper()
        if code not in list_currencies():
            raise forms.ValidationError(_("There is no such currency. Enter its three letters, such as DKK"))
        return code


def _companies(include: int | None) -> Any:
    return Company.objects.filter(Q(archived_at=None) | Q(pk=include)) if include else Company.objects.current()


class CloseForm(RecordForm):
    """Closing date and reason of a sale that is being won or lost (S1), or that is already and keeps what a colleague has written."""

    class Meta:
        model = Sale
        fields = ["closed_on", "reason", "reason_note"]
        widgets = {"closed_on": DateInput()}
        labels = {"closed_on": _("Closing date"), "reason": _("Reason"), "reason_note": _("Note")}

    def __init__(self, *args: Any, status: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_change = status in ("", self.instance.status)
        status = self.instance.status = status or self.instance.status
        self.fields["closed_on"].required = True
        self.fields["reason"].queryset = SaleReason.objects.active(include=self.instance.reason_id).filter(applies_to=status)
        self.fields["reason"].empty_label = _("Select reason")
        self.fields["reason"].widget.attrs["autofocus"] = True

    def conflict(self) -> bool:
        """As every form, where date and reason were there before."""
        return self.is_change and super().conflict()

    def clean_closed_on(self) -> Any:
        """Closed is closed: not in the future."""
        if self.cleaned_data["closed_on"] > timezone.localdate():
            raise forms.ValidationError(_("A closing date cannot be in the future"))
        return self.cleaned_data["closed_on"]


class StallForm(Styled, forms.ModelForm):
    """When to look at a stalled sale again."""

    class Meta:
        model = Sale
        fields = ["reopen_on"]
        widgets = {"reopen_on": DateInput()}
        labels = {"reopen_on": _("Re-open date")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.status = Sale.Status.STALLED
        self.fields["reopen_on"].required = True
        self.fields["reopen_on"].widget.attrs["autofocus"] = True
        self.style()

    def conflict(self) -> bool:
        """There was no such date before."""
        return False

    def clean_reopen_on(self) -> Any:
        """Later than today, or there is nothing to wait for."""
        if self.cleaned_data["reopen_on"] <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day after today"))
        return self.cleaned_data["reopen_on"]
