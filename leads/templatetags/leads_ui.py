"""The drawing beside a lead status."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from crm.numbers import Number
from leads import board
from leads.models import Lead, LeadStatus

register = template.Library()

# On a grid of 10: colour is never alone.
GLYPHS = {
    "ring": '<circle cx="5" cy="5" r="3.8"/>',
    "half": '<circle cx="5" cy="5" r="3.8"/><path class="f" d="M5 1.2a3.8 3.8 0 0 1 0 7.6z"/>',
    "disc": '<circle class="f" cx="5" cy="5" r="4.6"/>',
    "cross": '<path d="m1.8 1.8 6.4 6.4M8.2 1.8 1.8 8.2"/>',
    "loop": '<path d="M8.7 5a3.7 3.7 0 1 1-1.2-2.7M8.9.6v2.3H6.6"/>',
}


@register.simple_tag
def glyph(status: LeadStatus) -> SafeString:
    """`{% glyph status %}`: ring, half, disc, cross or loop, in the status's colour."""
    return format_html('<svg class="glyph tone-{}" viewBox="0 0 10 10" aria-hidden="true">{}</svg>', status.colour, mark_safe(GLYPHS[status.glyph]))


@register.filter
def age(lead: Lead) -> str:
    """How long a person has had their lead status: Today, 3 days."""
    days = board.age(lead)
    return ngettext("{n} day", "{n} days", days).format(n=Number(days)) if days > 0 else gettext("Today")
