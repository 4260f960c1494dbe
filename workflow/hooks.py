"""What the rules add to the screens below."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from crm import slots
from crm.filters import ListFilter, SavedView, fixed
from crm.http import Request
from crm.meanings import Meaning
from crm.models import Company, CompanyCategory, Contact, Sale, User
from crm.numbers import Number
from crm.paging import count_capped
from crm.slots import Badge, BatchPage, NavItem, Panel, Quiet, SettingsArea, SettingsScreen, UndoOffer, register
from workflow import decisions, handing, inbox
from workflow.explain import explain
from workflow.help import HELPS
from workflow.history import entries_for, history_of
from workflow.item_uses import RulesWithCategory, RulesWithStatus, SuggestionsAfterStatus, SuggestionsOfCategory
from workflow.middleware import SESSION_KEY
from workflow.models import APPLIED, AutomationRule, Batch, CategoryDecision, DecisionQuerySet
from workflow.models.rules import RULES_AREA
from workflow.notification_words import KINDS
from workflow.personal_data import PERSONAL_DATA
from workflow.setup import Plan, effects
from workflow.undo import changes_of, last_change, may_undo_batch, standing_of, undo_batch
from workflow.views.changes import STEP
from workflow.views.confirmations import context_of
from workflow.views.several import named_by, several_named

LATEST = 8
MOVED = 5  # changes on the overview
OLDEST = 5


def waiting_count(request: Request) -> int:
    """How many suggestions wait for this person; asked once per request."""
    if "waiting_count" not in vars(request):
        vars(request)["waiting_count"] = count_capped(inbox.waiting_for(request.user))
    return vars(request)["waiting_count"]


def _notice(request: Request, decision: CategoryDecision | None) -> str:
    if decision is None:
        return ""
    handed = handing.hand_overs_of([decision]).get(decision.pk, [])
    context = {
        "decision": decision, "why": explain(decision), "may_answer": decisions.may_answer(decision, request.user),
        "handed": handing.tell(handed, request.user), "given_away": handing.can_take_back(handed, request.user),
    }  # fmt: skip
    return render_to_string("workflow/pending.html", context, request)


def pending_of_company(request: Request, company: Company) -> str:
    """What waits, at the top of the card (Q2); of an archived company nothing is asked before it is restored (S5)."""
    if company.archived_at:
        return ""
    return _notice(request, CategoryDecision.objects.waiting().filter(company=company).with_names().first())


def pending_of_sale(request: Request, sale: Sale) -> str:
    """What waits because of this sale (Q2); nothing while its company is archived (S5)."""
    if sale.company and sale.company.archived_at:
        return ""
    return _notice(request, CategoryDecision.objects.waiting().filter(sale=sale).with_names().first())


def _chips(request: Request, waiting: DecisionQuerySet, of: str) -> dict[int, str]:
    """*Confirm* for each record that a suggestion waits because of; it opens the dialog of whoever may answer."""
    return {
        getattr(decision, of): render_to_string(
            "workflow/board_chip.html", {"decision": decision, "may_answer": decisions.may_answer(decision, request.user)}, request
        )
        for decision in waiting.filter(company__archived_at=None).select_related("company", "asked_of")
    }


def waiting_of_sales(request: Request, sales: Sequence[Sale]) -> dict[int, str]:
    """On the pipeline: what waits because of these sales (Q2). One statement."""
    return _chips(request, CategoryDecision.objects.waiting().filter(sale__in=sales), "sale_id") if sales else {}


def waiting_of_contacts(request: Request, contacts: Sequence[Contact]) -> dict[int, str]:
    """On the leads board: what waits because of these people's lead status (Q2). One statement."""
    return _chips(request, CategoryDecision.objects.waiting().filter(contact__in=contacts), "contact_id") if contacts else {}


def history(request: Request, company: Company) -> str:
    """The category history: what changed, what was kept, and why."""
    entries = entries_for(request.user, history_of(company, most=LATEST))
    return render_to_string("workflow/history_panel.html", {"entries": entries, "company": company}, request)


def failed_rules(request: Request, subject: Any) -> str:
    """On every page of an administrator: rules that failed wait to be retried (A7)."""
    if not getattr(request.user, "is_administrator", False):  # a visitor is none
        return ""
    count = count_capped(CategoryDecision.objects.failed())
    return render_to_string("workflow/failed_banner.html", {"count": count}, request) if count else ""


def confirmations_of(request: Request, user: User) -> str:
    """What waits for me, the oldest first, and a reminder of what has waited long. At most five statements."""
    if not user.has_perm("crm.view_company"):
        return ""
    waiting = inbox.waiting_for(user)
    found = list(waiting.with_names().select_related("company__our_contact").order_by("created_at", "pk")[:OLDEST])
    if not found:
        return Quiet(_t("No confirmations wait for you."))
    context = {
        "questions": inbox.questions(found, user), "count": waiting_count(request), "long": count_capped(inbox.waiting_long(waiting)),
    }  # fmt: skip
    return render_to_string("workflow/overview.html", context, request)


def latest_changes(request: Request, user: User) -> str:
    """How the categories of my companies have changed lately. One statement."""
    if not user.has_perm("crm.view_company"):
        return ""
    mine = CategoryDecision.objects.filter(company__our_contact=user, company__archived_at=None, outcome__in=APPLIED, from_category__isnull=False)
    found = [{"decision": decision, "why": explain(decision)} for decision in mine.with_names().order_by("-decided_at", "-pk")[:MOVED]]
    if not found:
        return Quiet(_t("None of your companies has changed category yet."))
    return render_to_string("workflow/overview_moved.html", {"moved": found}, request)


def what_a_user_leaves(request: Request, user: Any) -> str:
    """Before somebody can no longer answer: how many suggestions pass on (Q3)."""
    return render_to_string("workflow/user_leaves.html", {"count": handing.waiting_of([user.pk]).count()}, request)


def what_a_category_ends(request: Request, category: Any) -> str:
    """Before a category leaves Potential customer: how many suggestions become obsolete, and whether rules can still run (Q4, C3)."""
    if not isinstance(category, CompanyCategory) or not category.pk:
        return ""
    saved = {one.pk: Meaning.of(one) for one in CompanyCategory.objects.active()}  # a form that was refused has changed the instance
    if category.pk not in saved or not saved[category.pk].is_potential:
        return ""
    ends = effects(Plan(before=saved, after={category.pk: saved[category.pk]._replace(group="")}))
    return render_to_string("workflow/category_impact.html", {"effects": ends}, request) if ends.obsolete or not ends.any_potential else ""


def rule_names(pks: Collection[int]) -> dict[int, str]:
    """Rules by their titles, which are translated. One statement."""
    return {rule.pk: str(rule) for rule in AutomationRule.objects.filter(pk__in=pks).select_related("lead_status")}


def undo_category(request: Request, company_id: int) -> UndoOffer | None:
    """The last change of this company's category, to be undone from a toast (A9)."""
    last = last_change(company_id, by=request.user)
    return UndoOffer(reverse("workflow:undo", args=[last.pk])) if last else None


def bulk_edit(request: Request, token: UUID) -> BatchPage | None:
    """What a bulk edit did to categories that is still so, and how it is taken back as a whole (A9). Four statements."""
    batch = Batch.objects.filter(token=token).first()
    if batch is None or not may_undo_batch(batch, request.user):
        return None
    moved, possible = standing_of(batch)
    waiting = inbox.waiting_for(request.user).filter(batch=batch).count()
    if not moved and not waiting:
        return None
    at_once = 0 < possible <= STEP  # more go back in parts, which the batch's own page shows
    undo = UndoOffer(reverse("workflow:batch-undo", args=[batch.pk])) if at_once else None
    return BatchPage(moved, batch.get_absolute_url(), undo, waiting, f"{reverse('workflow:confirmations')}?batch={batch.pk}")


def undo_moves(token: UUID, by: Any, stay: Collection[int]) -> list[str]:
    """Take back what a bulk edit did to categories, as far as one press of a button goes; in words (A9)."""
    batch = Batch.objects.filter(token=token).first()
    if batch is None or not may_undo_batch(batch, by):
        return []
    waiting = CategoryDecision.objects.waiting().filter(batch=batch).exclude(company__in=stay).count()
    back = undo_batch(batch, by=by, most=STEP, stay=stay)
    left = changes_of(batch).values("company").distinct().count()
    texts = []
    if back:
        texts.append((back, ngettext("{n} company has its category from before.", "{n} companies have their category from before.", back)))
    if left:
        texts.append((left, ngettext("{n} company keeps its new category.", "{n} companies keep their new category.", left)))
    if waiting:
        texts.append((waiting, ngettext("{n} question withdrawn", "{n} questions withdrawn", waiting) + "."))
    return [text.format(n=Number(number)) for number, text in texts]


IS_WAITING = Q(pk__in=CategoryDecision.objects.waiting().order_by().values("company"))  # rare: begun with (docs/decisions/0014)


def dialog_after_form(request: Request) -> str:
    """The dialog of suggestions that the form before this page raised; open without JavaScript too."""
    named = request.session.pop(SESSION_KEY, None)
    if named is None:  # as nearly always
        return ""
    here = {"next": request.get_full_path(), "opens_itself": True}
    found = list(named_by(request, named).with_names()[:2]) if request.user.may_edit_companies else []
    if not found:
        return ""
    if len(found) == 1:
        return render_to_string("workflow/confirmation.html#dialog", {**context_of(request, found[0]), **here}, request)
    return render_to_string("workflow/several.html#dialog", {**several_named(request, named), **here}, request)


register(
    ListFilter("companies", "waiting", _("Suggestion"), fixed(("yes", _("Waiting"))), lambda _request, _values: IS_WAITING, position=80, under_more=True),
    SavedView("companies", "waiting", _("Waiting for confirmation"), lambda _request: IS_WAITING, 10),
    NavItem("confirmations", _("Confirmations"), _("Confirm"), "workflow:confirmations", "tray", 50, count=waiting_count),
    SettingsScreen("workflow", _("Workflow"), "workflow:lead-categorization", "swap", 50),
    Badge("pipeline", _("Confirmations"), waiting_of_sales),
    Badge("leads", _("Confirmations"), waiting_of_contacts),
    Panel("page-top", 10, failed_rules),
    Panel("company-top", 10, pending_of_company),
    Panel("company-aside", 10, history),
    Panel("sale-top", 10, pending_of_sale),
    Panel("overview", 10, confirmations_of),
    Panel("overview", 60, latest_changes),
    Panel("user-leaves", 10, what_a_user_leaves),
    Panel("item-edit", 20, what_a_category_ends),
    SettingsArea(
        RULES_AREA,
        _("Lead categorization"),
        AutomationRule,
        lambda _pk: reverse("workflow:lead-categorization"),
        labels={
            "trigger": _("Rule"),
            "is_enabled": _("Rule is on"),
            "target_category_id": _("Set category to"),
            "ask_user": _("Ask for user confirmation before updating"),
        },
        events={"archived": (_("Brought back"), _("Removed"))},
        names=rule_names,
    ),
    *HELPS,
    *KINDS,
    *PERSONAL_DATA,
    RulesWithCategory(),
    RulesWithStatus(),
    SuggestionsOfCategory(),
    SuggestionsAfterStatus(),
)
slots.page_dialogs.append(dialog_after_form)
slots.category_undos.append(undo_category)
slots.batch_pages.append(bulk_edit)
slots.move_undos.append(undo_moves)
