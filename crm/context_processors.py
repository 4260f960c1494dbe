"""What the shell around every page needs."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The theme the user has chosen; empty follows the computer."""
    theme = getattr(getattr(request, "user", None), "theme", "system")
    return {"theme": "" if theme == "system" else theme}
