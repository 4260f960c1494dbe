#!/usr/bin/env python3
"""Translations without gettext on the machine: `messages.py update | check | compile`.

update   brings locale/da up to date with the source; new strings wait there without a translation.
check    fails, naming them, on strings that are missing, untranslated, fuzzy, unused, or lose a placeholder.
compile  writes the .mo files that Django reads.
"""

import io
import re
import sys
from pathlib import Path

import django
from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("config", "crm", "leads", "workflow", "templates")
KEYWORDS = {
    "_": None, "_t": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def po_file() -> Path:
    """The Danish catalogue."""
    return ROOT / "locale" / "da" / "LC_MESSAGES" / "django.po"


def extracted() -> Catalog:
    """Every string of the source that people read."""
    catalog = Catalog(locale="da")
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in (".py", ".html") or "migrations" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".html":
                text = templatize(text, origin=str(path))
            for _line, message, comments, context in extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS, comment_tags=("Translators:",)):
                catalog.add(message, locations=[(str(path.relative_to(ROOT)), None)], auto_comments=comments, context=context)
    return catalog


def load() -> Catalog:
    """What is translated now."""
    if not po_file().exists():
        return Catalog(locale="da")
    with po_file().open("rb") as stream:
        return read_po(stream, locale="da")


def update() -> int:
    """Merge the source into the catalogue; what is unused goes."""
    catalog = load()
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    with po_file().open("wb") as stream:
        write_po(stream, catalog, width=120, sort_output=True, omit_header=False, include_lineno=False)
    print(f"{len(catalog)} strings, {sum(1 for message in catalog if message.id and not done(message))} without a translation")
    return 0


def done(message: object) -> bool:
    """Whether every form of it is translated."""
    text = message.string  # type: ignore[attr-defined]
    return all(text) if isinstance(text, (tuple, list)) else bool(text)


def problems() -> list[str]:
    """What is wrong with the catalogue, a line each."""
    have, found = load(), []
    want = extracted()
    for message in want:
        if not message.id:
            continue
        entry = have.get(message.id, message.context)
        if entry is None:
            found.append(f"missing: {message.id!r} ({message.locations[0][0]})")
        elif not done(entry):
            found.append(f"untranslated: {message.id!r}")
        elif entry.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        else:
            texts = entry.string if isinstance(entry.string, (tuple, list)) else [entry.string]
            ids = message.id if isinstance(message.id, (tuple, list)) else [message.id]
            if any(set(PLACEHOLDER.findall(text)) - set(PLACEHOLDER.findall(" ".join(ids))) for text in texts):
                found.append(f"unknown placeholder: {message.id!r}")
            if set(PLACEHOLDER.findall(ids[-1])) - set(PLACEHOLDER.findall(texts[-1])):
                found.append(f"lost placeholder: {message.id!r}")
    found += [f"unused: {message.id!r}" for message in have if message.id and want.get(message.id, message.context) is None]
    return found


def check() -> int:
    """0 when Danish is complete."""
    found = problems()
    print("\n".join(found) or "Danish is complete.")
    return 1 if found else 0


def compile_catalogues() -> int:
    """Write the .mo files."""
    with po_file().with_suffix(".mo").open("wb") as stream:
        write_mo(stream, load())
    return 0


if __name__ == "__main__":
    settings.configure(USE_I18N=False)
    django.setup()
    commands = {"update": update, "check": check, "compile": compile_catalogues}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    sys.exit(commands[sys.argv[1]]())
