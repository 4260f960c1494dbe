"""Inquiries of another system: each row is cleaned as the public form cleans it, and received by the same function (I3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.utils import timezone

from crm.filters import YES
from crm.imports.errors import RefusedError
from crm.imports.plan import KEY, Plan
from crm.imports.records import Importer, Prepared, Settings
from crm.imports.values import Reader, moments, plain
from crm.text import fold
from leads.forms.public import PublicForm
from leads.inquiries import receive
from leads.intake import Sent, Touch, domain_of, one_line, page_of
from leads.models import Inquiry, LeadForm, LeadFormField
from leads.models.inquiries import TRACKED

NAMESPACE = uuid.UUID("6f1d4c53-9d0f-4f0e-8c43-3f2f0b6a1e77")  # of the keys of imported rows
TYPED = {  # fields of the file, and what the form calls them
    "company_name": "company", "first_name": "first_name", "last_name": "last_name", "email": "email", "phone": "phone", "message": "message",
}  # fmt: skip
ASKED = [LeadFormField(key=key) for key in TYPED.values()]  # whatever the form itself asks for
FIRST = tuple(f"first_{name}" for name in TRACKED)
NOBODY = "nothing says who it was: no name, company, email address or telephone number"


class InquiryImport(Importer):
    """Inquiries. Each row is a transaction of its own, as each form that is sent: nobody waits for a file."""

    model = Inquiry
    plural = "inquiries"
    url_name = "leads:inquiry-list"
    fields = (*TYPED, "received_at", "consent", *TRACKED, *FIRST, KEY)
    required = ()
    elsewhere = ("consent", *TRACKED, *FIRST)
    chunk = 1

    def __init__(self, plan: Plan, settings: Settings, *, form: LeadForm, handled: bool = False) -> None:
        super().__init__(plan, settings)
        self.form, self.handled = form, handled

    def reader(self, name: str) -> Reader:
        special: dict[str, Callable[[], Reader]] = {
            "received_at": lambda: moments(self.settings.date_format),
            "consent": lambda: _yes_or_no,
        }
        return special.get(name, lambda: plain)()

    def complete(self, prepared: Prepared) -> None:
        """Refuse what the public form would refuse, and what has no name at all."""
        values = prepared.values
        form = PublicForm(self.form, {key: values.get(name, "") for name, key in TYPED.items()}, fields=ASKED, lenient=True)
        if not form.is_valid():
            reasons = [f"{name}: {' '.join(map(str, form.errors[key]))}" for name, key in TYPED.items() if key in form.errors]
            raise RefusedError("; ".join(reasons) or str(form.errors))
        if not any(form.cleaned_data.get(key) for name, key in TYPED.items() if name != "message"):
            raise RefusedError(NOBODY)
        if values.get("received_at") and values["received_at"] > timezone.now():
            raise RefusedError(f"received_at: {values['received_at']:%Y-%m-%d %H:%M} has not come yet")
        values.update({name: form.cleaned_data.get(key, "") for name, key in TYPED.items()})

    def create(self, rows: Sequence[Prepared]) -> int:
        """Receive each. Companies that inquiries make are not counted: most do."""
        for prepared in rows:
            inquiry, is_new = receive(self.form, self._sent(prepared.values))
            if is_new and self.handled:
                Inquiry.objects.filter(pk=inquiry.pk).update(handled_at=inquiry.received_at)
        return 0

    def _sent(self, values: dict[str, Any]) -> Sent:
        source, key = values["external_source"], values[KEY]
        sent = _touch(values, "")
        return Sent(
            key=uuid.uuid5(NAMESPACE, f"{source}\n{key}") if key else uuid.uuid4(),
            **{TYPED[name]: values[name] for name in TYPED},
            consent=values.get("consent", False), language=self.form.language,
            first=_touch(values, "first_"), sent=sent, at=values.get("received_at"), external_source=source, external_key=key,
        )  # fmt: skip


def _yes_or_no(text: str) -> bool:
    said = fold(text)
    if said not in (*YES, "ja", "no", "nej", "false", "0"):
        raise RefusedError(f"“{text}” is neither yes nor no")
    return said in (*YES, "ja")


def _touch(values: dict[str, Any], prefix: str) -> Touch:
    """As a form's; but a landing page may be another system's name for it."""
    found: dict[str, Any] = {name: one_line(values.get(prefix + name, "")) for name in TRACKED}
    found["referring_domain"] = domain_of(found["referring_domain"])
    found["landing_page"] = page_of(found["landing_page"]) if "://" in found["landing_page"] else found["landing_page"].partition("?")[0]
    return Touch(**found)
