"""The tones an administrator picks a colour from. Their values live in static/css/tokens.css."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Tone(models.TextChoices):
    """Keys of the tones; each is a class `tone-<key>`."""

    GREY = "grey", _("Grey")
    BLUE = "blue", _("Blue")
    SKY = "sky", _("Sky blue")
    TEAL = "teal", _("Teal")
    GREEN = "green", _("Green")
    LIME = "lime", _("Lime")
    AMBER = "amber", _("Amber")
    ORANGE = "orange", _("Orange")
    RED = "red", _("Red")
    PINK = "pink", _("Pink")
    VIOLET = "violet", _("Violet")


def tone_of(key: int | str) -> str:
    """A steady tone for an avatar: the same for the same key, whatever the process."""
    tones = Tone.values
    return tones[sum(str(key).encode()) % len(tones)]
