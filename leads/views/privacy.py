"""A person's data, from the contact card: handed out as a file, and erased (S5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from crm.forms.base import Styled
from crm.http import Request
from crm.models import Contact
from crm.views.base import done, page, refused, require, stands_alone, then_focus, unit_of_work
from crm.views.lists import MAY_OPEN
from leads.privacy import AlreadyErased, Plan, erase, export, plan


@require_POST
@never_cache
def contact_export(request: Request, pk: int) -> HttpResponse:
    """Everything that is kept about this person and may be seen, as a file. By POST: no address that can be prefetched, kept or handed on holds it."""
    require(request, "crm.change_contact")
    contact = get_object_or_404(Contact.objects.select_related("company"), pk=pk)
    if contact.erased_at:
        return refused(request, _("This person has been erased: nothing is kept of them."), to=contact.get_absolute_url())
    name = f"havn-person-{contact.pk}.json"
    return HttpResponse(export(contact, to=request.user), content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'})


class EraseForm(Styled, forms.Form):
    """That somebody has read what follows."""

    understood = forms.BooleanField(
        label=gettext_lazy("I have read this, and know that it cannot be undone"), error_messages={"required": gettext_lazy("Tick this to go on")}
    )

    def __init__(self, *args: Any, plan: Plan) -> None:
        super().__init__(*args)
        self.asks = {f"rename_{company.pk}": company.pk for company in plan.named_after}
        for name, company in zip(self.asks, plan.named_after, strict=True):
            label = _("Also take the name out of the company “{company}”").format(company=company)
            help_text = _("It is called as this person is or was, as when an inquiry named no company.")
            self.fields[name] = forms.BooleanField(required=False, initial=True, label=label, help_text=help_text)
        self.order_fields([*self.asks, "understood"])
        self.style()

    @property
    def rename(self) -> list[int]:
        """Companies whose box was ticked."""
        return [pk for name, pk in self.asks.items() if self.cleaned_data[name]]


@never_cache
@unit_of_work
def contact_erase(request: Request, pk: int) -> HttpResponse:
    """Say what goes and what stays, and erase a person: for administrators."""
    require(request, MAY_OPEN, _("Only administrators can erase a person."))
    contact = get_object_or_404(Contact.objects.select_related("company"), pk=pk)
    gone = _("This person has been erased already.")
    if contact.erased_at:
        return refused(request, gone, to=contact.get_absolute_url())
    found = plan(contact)
    form = EraseForm(request.POST if request.method == "POST" else None, plan=found)
    if request.method == "POST" and form.is_valid():
        try:
            erase(pk, rename=form.rename)
        except AlreadyErased:
            return refused(request, gone, to=contact.get_absolute_url())
        return then_focus(request, done(request, _("The person has been erased"), to=contact.get_absolute_url()), "#page-title")
    context = {"active": "contacts", "contact": contact, "plan": found, "form": form, "back": contact.get_absolute_url(), "alone": stands_alone(request)}
    fragment = "dialog" if request.method != "POST" else "body"
    return page(request, "leads/erase.html", context, fragment=fragment, status=422 if form.errors else 200)
