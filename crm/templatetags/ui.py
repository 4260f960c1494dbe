"""Small pieces of the interface. Markup as in the design system; no business rules."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext, pgettext

from crm import slots
from crm import who as who_words
from crm.bulk_edit import seen_text
from crm.models import Company, CompanyCategory, Sale, User
from crm.notifications import Unread, unread_of
from crm.numbers import Number, money
from crm.palette import tone_of
from crm.text import fold, hits

register = template.Library()
register.filter("money", money)
CARD = "{card}"  # the blank in `board_moves`


@cache
def _sprite() -> str:
    return static("img/icons.svg")


@register.simple_tag
@lru_cache(maxsize=1_000)  # a list shows the same few some hundred times
def icon(name: str, css: str = "") -> SafeString:
    """`{% icon "check" "icon--s" %}`: one drawing of the sprite, hidden from screen readers."""
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}#i-{}"/></svg>', css, _sprite(), name)


@register.simple_tag
def mark() -> SafeString:
    """Havn's own mark."""
    return format_html('<svg viewBox="0 0 32 32" aria-hidden="true"><use href="{}#mark"/></svg>', _sprite())


@register.simple_tag
def chip(item: CompanyCategory | None, css: str = "") -> SafeString:
    """A category, with its description as help."""
    return _chip(item.colour, css, item.description, item.name) if item else mark_safe("")


@lru_cache(maxsize=1_000)
def _chip(*parts: str) -> SafeString:
    return format_html('<span class="chip tone-{} {}" title="{}">{}</span>', *parts)


@register.simple_tag
def move(start: CompanyCategory | None, end: CompanyCategory | None) -> SafeString:
    """From one category to another."""
    return format_html(
        '<span class="move">{}{}<span class="vh">{}</span>{}</span>',
        chip(start),
        icon("to", "icon--s"),
        pgettext("from one category to another", "to"),
        chip(end),
    )


@register.simple_tag
def avatar(who: Any, css: str = "") -> SafeString:
    """Initials of a user, contact or company, in a colour of their own."""
    initials = getattr(who, "initials", None) or "".join([word[:1] for word in str(who).split() if word[:1].isalnum()][:2])
    return format_html('<span class="avatar tone-{} {}" aria-hidden="true">{}</span>', tone_of(who.pk), css, initials)


@register.simple_tag
def person(user: User | None) -> SafeString:
    """A user with avatar, or a dash."""
    if user is None:
        return mark_safe('<span class="subtle">–</span>')
    return format_html('<span class="person">{}<span class="truncate">{}</span></span>', avatar(user), user)


@register.filter
def number(value: Any) -> Any:
    """A number for reading: 1,234 or 1.234; also for `{% blocktranslate count n=...|number %}`."""
    return Number(value) if isinstance(value, int) else value


@register.filter
def when(moment: dt.datetime | None) -> str:
    """A moment near now in words (Today, 10:05), else the date."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    days = (timezone.localdate() - local.date()).days
    clock = time_format(local, "TIME_FORMAT")
    if days == 0:
        return gettext("Today, {time}").format(time=clock)
    if days == 1:
        return gettext("Yesterday, {time}").format(time=clock)
    return date_format(local, "DATE_FORMAT")


@register.filter
def day(date: dt.date) -> str:
    """A date where there is little room: Today, Tomorrow, 12 Nov, or with its year where that is another."""
    today = timezone.localdate()
    near = {0: gettext("Today"), 1: gettext("Tomorrow")}.get((date - today).days)
    return near or date_format(date, "SHORT_DATE_FORMAT" if date.year == today.year else "DATE_FORMAT")


@register.simple_tag
def overdue(date: dt.date) -> str:
    """How late it is, in words; nothing until the day is over."""
    days = (timezone.localdate() - date).days
    return ngettext("{n} day late", "{n} days late", days).format(n=Number(days)) if days > 0 else ""


@register.simple_tag
def saved_this(who: User | None, at: dt.datetime | None) -> str:
    """Who has saved meanwhile what this form would overwrite."""
    return who_words.saved_this(who, at)


@register.filter
def moment(value: dt.datetime | None) -> str:
    """Date and time in full."""
    return date_format(timezone.localtime(value), "DATETIME_FORMAT") if value else ""


@register.filter
def marked(text: str, q: str) -> SafeString:
    """`text` with what `q` found in it marked."""
    return format_html_join("", "{}", ((format_html("<mark>{}</mark>", part) if is_hit else part,) for part, is_hit in hits(text, fold(q).split())))


@register.simple_tag
def sale_chip(sale: Sale) -> SafeString:
    """Won, lost, stalled, or the stage of an open sale."""
    if sale.status == Sale.Status.WON:
        return format_html('<span class="chip tone-green">{}{}</span>', icon("trophy"), gettext("Won"))
    if sale.status == Sale.Status.LOST:
        return format_html('<span class="chip tone-red">{}{}</span>', icon("x"), gettext("Lost"))
    if sale.status == Sale.Status.STALLED:
        return format_html('<span class="chip tone-amber">{}{}</span>', icon("clock"), gettext("Stalled"))
    return format_html('<span class="chip tone-grey">{}</span>', sale.stage or pgettext("sale", "Open"))


@register.simple_tag
def undo_of(message: Any) -> slots.UndoOffer | None:
    """How what this message tells is taken back, if it can be."""
    return slots.UndoOffer.unpacked(message.extra_tags or "")


@register.simple_tag
def amounts(sums: Iterable[tuple[str, Decimal]]) -> SafeString:
    """Amounts in several currencies, the largest first: DKK 860,000 + EUR 20,000; a dash for none."""
    shown = [money(amount, currency) for currency, amount in sums]
    return format_html_join(" + ", '<span class="nowrap">{}</span>', ((text,) for text in shown)) if shown else mark_safe('<span class="subtle">–</span>')


@register.simple_tag(takes_context=True)
def nav_items(context: dict[str, Any]) -> list[dict[str, Any]]:
    """What the main navigation shows this user."""
    return slots.nav_items_for(context["request"])


@register.simple_tag(takes_context=True)
def unread_notifications(context: dict[str, Any]) -> Unread:
    """How many notifications this user has not looked at. One statement."""
    return unread_of(context["request"].user)


@register.simple_tag(takes_context=True)
def settings_items(context: dict[str, Any]) -> list[slots.SettingsScreen]:
    """The settings screens this user may open."""
    return slots.settings_screens_for(context["request"])


@register.simple_tag(takes_context=True)
def is_under_more(context: dict[str, Any]) -> bool:
    """On a phone: whether this page is one that the tab bar has only under *More*."""
    active = context.get("active", "")
    return bool(active) and active not in [item.key for item in slots.nav_items if item.on_phone]


@register.inclusion_tag("ui/help.html", takes_context=True)
def screen_help(context: dict[str, Any]) -> dict[str, Any]:
    """*How this works*, under the heading of a settings screen (W0); nothing where no app has written any."""
    found = context["request"].resolver_match
    return {"help": slots.help_of(found.view_name) if found else None}


@register.simple_tag(takes_context=True)
def page_dialogs(context: dict[str, Any]) -> SafeString:
    """What upper apps want opened on this page."""
    return mark_safe("".join(render(context["request"]) for render in slots.page_dialogs))


@register.simple_tag(takes_context=True)
def at_company(context: dict[str, Any]) -> str:
    """For the addresses of new records: the company that this page is about, if it is about one."""
    subject = context.get("company") or getattr(context.get("contact") or context.get("sale"), "company", None)
    return f"?company={subject.pk}" if isinstance(subject, Company) else ""


@register.simple_tag(takes_context=True)
def panels(context: dict[str, Any], place: str, subject: Any) -> SafeString:
    """The panels that apps show at `place` of a company, contact or sale page, or of the overview."""
    return mark_safe("".join(panel.render(context["request"], subject) for panel in slots.panels if panel.place == place))


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "")


@register.filter
def problems(errors: dict[str, list[Any]]) -> int:
    """How many problems a form has; one field may have several."""
    return sum(len(of_one) for of_one in errors.values())


@register.filter
def words(text: str) -> list[str]:
    """A list from a sentence, for loops in templates."""
    return text.split()


@register.filter
def breakable(text: str) -> SafeString:
    """`text`, in which an email address is broken behind its @ and dots, and not in the middle of a word."""
    if "@" not in text:
        return conditional_escape(text)
    return mark_safe(re.sub(r"([@.])(?=\w)", r"\1<wbr>", conditional_escape(text)))


@register.filter
def mailto(address: str) -> str:
    """A link for writing to `address`, and to nobody else: "info?bcc=spy%40else.dk@firma.dk" is an address, too."""
    return f"mailto:{quote(address, safe='@')}"


@register.filter
def pairs(text: str) -> list[tuple[str, str]]:
    """`"en:English da:Dansk"|pairs`."""
    return [(word.split(":")[0], word.split(":")[1]) for word in text.split()]


@register.simple_tag
def stylesheet(name: str) -> str:
    """The address of one of our stylesheets."""
    return static(f"css/{name}.css")


@register.simple_tag(takes_context=True)
def board_moves(context: dict[str, Any], name: str, title: str) -> SafeString:
    """Where the cards of this column can be moved to: the same in each one's menu, so it is drawn once, with a blank `for_card`."""
    shown = {"board": context["board"], "column": context["column"], "name": name, "title": title, "pk": CARD}
    return mark_safe(render_to_string("ui/board_moves.html", shown))


@register.filter
def for_card(moves: SafeString, pk: int) -> SafeString:
    """These `board_moves` for the card with this key."""
    return mark_safe(moves.replace(CARD, str(pk)))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """The present address's query with `changes`; an empty value takes a part out. Paging starts anew unless it is named."""
    params = context["request"].GET.copy()
    params.pop("page", None)
    for name, value in changes.items():
        params.pop(name, None)
        if value not in ("", None):
            params[name] = value
    return f"?{params.urlencode()}" if params else "."


@register.simple_tag(takes_context=True)
def sort_head(context: dict[str, Any], keys: str, css: str = "") -> SafeString:
    """`{% sort_head "name town" %}`: the head of a column that a list can be sorted by, in one way or several."""
    listing = context["listing"]
    links, order = [], ""
    for sort in [next(sort for sort in listing.records.sorts if sort.key == key) for key in keys.split()]:
        now = sort is listing.sort
        if now:
            order = "descending" if listing.descending else "ascending"
        address = query(context, sort=f"-{sort.key}" if now and not listing.is_reversed else sort.key)
        arrow = icon("down" if listing.descending else "up") if now else ""
        links.append(format_html('<a id="sort-{}" href="{}">{}{}</a>', sort.key, address, sort.label, arrow))
    sorted_by = format_html(' aria-sort="{}"', order) if order else ""
    return format_html('<th scope="col" class="{}"{}><span class="row">{}</span></th>', css, sorted_by, format_html_join("", "{}", ((link,) for link in links)))


@register.simple_tag
def seen(record: Any, columns: tuple[str, ...]) -> str:
    """What is sent back of a ticked record: its key, and what the list shows of it."""
    return seen_text(record, columns)


@register.simple_tag(takes_context=True)
def query_without(context: dict[str, Any], name: str) -> str:
    """The present address's query without that part."""
    return query(context, **{name: ""})
