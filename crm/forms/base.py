"""How every form looks and what it promises: nothing typed is lost."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Django's own rendering with our field template."""

    field_template_name = "ui/field.html"
