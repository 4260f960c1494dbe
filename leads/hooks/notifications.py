"""What people are told of inquiries."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from crm.models import Notification
from crm.slots import NotificationKind, Told, register
from leads.distribution import NEW_LEAD
from leads.models import Inquiry


def new_leads(notifications: Sequence[Notification]) -> dict[int, Told]:
    """New leads, each with who and which company; what became of those that are not the reader's any more. One statement."""
    inquiries = Inquiry.objects.select_related("contact", "company", "owner", "form").in_bulk({one.subject_id for one in notifications})
    return {one.pk: _new_lead(one, inquiries[one.subject_id]) for one in notifications if one.subject_id in inquiries}


def _new_lead(notification: Notification, inquiry: Inquiry) -> Told:
    if inquiry.erased_at:
        return Told(_t("New lead: the person has been erased since."), is_over=True)
    names = ", ".join(dict.fromkeys([str(inquiry.contact), str(inquiry.company)])) if inquiry.contact else inquiry.title
    is_known = inquiry.contact_match == Inquiry.ContactMatch.EMAIL
    text, url = (_t("New inquiry: {names}") if is_known else _t("New lead: {names}")).format(names=names), inquiry.get_absolute_url()
    if inquiry.state == Inquiry.State.SPAM:
        return Told(text, url, _t("It has been moved to spam."), is_over=True)
    if inquiry.owner_id != notification.user_id:
        text_of_owner = _t("It is with {name} now.").format(name=inquiry.owner) if inquiry.owner else _t("It is with nobody now.")
        return Told(text, url, text_of_owner, is_over=True)
    return Told(text, url, str(inquiry.form.title))


register(NotificationKind(NEW_LEAD, _("I get a new lead"), new_leads, 10, permission="leads.view_inquiry", icon="funnel"))
