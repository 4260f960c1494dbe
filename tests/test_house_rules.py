"""The house rules that a reader of the source can check: templates under a strict policy, layers, docstrings, no sentence in a script."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("crm", "leads", "workflow")
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
MODULES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]


def named(paths):
    """Parametrize by path, with a readable id."""
    return pytest.mark.parametrize("path", paths, ids=[str(path.relative_to(ROOT)) for path in paths])


def markup(path):
    """The template without its comments."""
    return re.sub(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", "", path.read_text(), flags=re.DOTALL)


# --------------------------------------------------- rule 8: a strict policy
FORBIDDEN = {
    "a style attribute": r"""(?<![\w-])style\s*=""",
    "an inline handler": r"""\son[a-z]+\s*=\s*["']""",
    "a script without src": r"""<script(?![^>]*\ssrc=)[^>]*>""",
    "an inline style sheet": r"""<style[\s>]""",
    "hx-on": r"""\bhx-on\b""",
    "hx-disabled-elt, which loses keyboard focus": r"""\bhx-disabled-elt\b""",
    "hx-boost: navigation is ordinary navigation": r"""\bhx-boost\b""",
    "a value that htmx would evaluate": r"""(?:=\s*["']|[{,:]\s*)(?:js|javascript):""",
    "a trigger filter": r"""hx-trigger\s*=\s*"[^"]*\[""",
    "a script or sheet from elsewhere": r"""<(?:script|link|img)[^>]*(?:src|href)\s*=\s*["'](?:https?:)?//""",
}


@named(TEMPLATES)
def test_no_template_has_what_the_content_security_policy_forbids(path):
    text = markup(path)
    assert {what: found for what, pattern in FORBIDDEN.items() if (found := re.findall(pattern, text))} == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a style attribute", '<p style="x">'),
        ("an inline handler", '<p onclick="x()">'),
        ("a script without src", "<script defer>x()</script>"),
        ("an inline style sheet", "<style>"),
        ("hx-on", '<p hx-on:click="x">'),
        ("hx-disabled-elt, which loses keyboard focus", "hx-disabled-elt='this'"),
        ("hx-boost: navigation is ordinary navigation", 'hx-boost="true"'),
        ("a value that htmx would evaluate", 'hx-vals="js:{x: y()}"'),
        ("a trigger filter", 'hx-trigger="keyup[ctrlKey] from:body"'),
        ("a script or sheet from elsewhere", '<script src="https://cdn.example/x.js"></script>'),
    ],
)
def test_the_patterns_find_what_they_are_for(what, text):
    assert re.search(FORBIDDEN[what], text)


@named([path for path in MODULES if "<" in path.read_text()])
def test_no_markup_made_in_python_has_it_either(path):
    strings = [
        node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str) and "<" in node.value
    ]
    assert [text for text in strings if re.search(r"""<[^>]*\s(style|on[a-z]+)\s*=|<script|<style""", text)] == []


@named(TEMPLATES)
def test_every_htmx_request_says_where_its_answer_goes_and_how(path):
    """House rule 7: explicit `hx-target` and `hx-swap`."""
    text = re.sub(r"{%.*?%}|{{.*?}}", "", markup(path), flags=re.DOTALL)
    asking = [tag for tag in re.findall(r"<[a-z][^>]*>", text) if re.search(r"\shx-(get|post|put|patch|delete)=", tag)]
    assert [tag for tag in asking if "hx-target=" not in tag or "hx-swap=" not in tag] == []


@named(TEMPLATES)
def test_every_form_works_without_javascript(path):
    """House rule 7: what htmx posts, a plain form posts to the same place, and carries its token."""
    forms = re.findall(r"<form\b.*?</form>", markup(path), flags=re.DOTALL)
    posting = [form for form in forms if 'method="post"' in form.split(">", 1)[0]]
    assert [form[:120] for form in posting if "csrf_token" not in form and "answer.key" not in form] == []  # a render key: leads/render_key.py
    for form in forms:
        action, through_htmx = re.search(r'\saction="([^>]*?)"[ >]', form), re.search(r'\shx-post="([^>]*?)"[ >]', form)
        assert not through_htmx or (action and action[1] == through_htmx[1])


# ----------------------------------------------------- layers point down only
LOWEST = [
    path for path in TEMPLATES if path.parent.name in ("crm", "ui", "errors") or path.name in ("base.html", "list.html", "item_form.html", "colours.html")
]
LEADS = [path for path in TEMPLATES if path.parent.name == "leads"]


@named(LOWEST)
def test_a_template_of_the_lowest_layer_knows_none_above_it(path):
    assert re.findall(r"""["'](?:leads|workflow)[:/][^"']*["']|load \w*(?:leads|workflow)\w*""", markup(path)) == []


@named(LEADS)
def test_a_template_of_leads_knows_nothing_of_workflow(path):
    assert re.findall(r"""["']workflow[:/][^"']*["']|load \w*workflow\w*""", markup(path)) == []


@pytest.mark.parametrize(("app", "above"), [("crm", r"(?:leads|workflow)"), ("leads", "workflow")])
def test_python_of_a_layer_names_no_address_or_template_above_it(app, above):
    found = [
        f"{path.relative_to(ROOT)}: {node.value}"
        for path in MODULES
        if path.is_relative_to(ROOT / app)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.match(rf"{above}[:/]\w", node.value)
    ]
    assert found == []


# --------------------------------------------------------- python, and scripts
@named(MODULES)
def test_every_public_function_and_class_has_a_docstring(path):
    """House rule 6."""
    nodes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    assert [node.name for node in nodes if not node.name.startswith("_") and not ast.get_docstring(node)] == []


@named([path for path in MODULES if path.read_text().strip()])
def test_every_module_says_what_it_is_for(path):
    if path.name == "__init__.py" and path.parent.name == "models":
        return  # only names what the others hold
    assert ast.get_docstring(ast.parse(path.read_text()))


@named(MODULES)
def test_no_row_signal_is_imported(path):
    """Havn's own signals carry what happened; `post_migrate`, which makes the two groups, is the exception."""
    imported = {
        name.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and "django.db.models" in (node.module or "")
        for name in node.names
    }
    assert imported & {"post_save", "pre_save", "post_delete", "pre_delete", "m2m_changed", "post_init", "pre_init", "signals"} == set()


@named(MODULES)
def test_a_list_screen_never_counts_its_way_through_the_rows(path):
    """House rule 4: keyset paging; Django's own Paginator counts all and uses OFFSET."""
    assert "django.core.paginator" not in path.read_text()


TOKEN = re.compile(r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""", re.DOTALL)


WORDS = re.compile(r"[A-Za-z’'-]+(?:[,;:]? [A-Za-z0-9’'-]+)+[.!?…]?")


def sentences(source):
    """String literals that a person could be shown: words that begin or go on like a sentence, or letters that English code does not use."""
    texts = [text[1:-1] for text in TOKEN.findall(source) if text]
    worded = [text for text in texts if WORDS.fullmatch(text) and (text[0].isupper() or len(text.split()) > 2)]
    return worded + [text for text in texts if re.search(r"[æøåÆØÅ]", text)]


@named(SCRIPTS)
def test_no_script_holds_a_sentence(path):
    assert sentences(path.read_text()) == []


def test_a_sentence_in_a_script_would_be_found():
    assert sentences('// it\'s fine\nshow("Nothing was saved."); $("dialog[open] button"); /* "so is this" */ x = `Gem ændringer`') == [
        "Nothing was saved.",
        "Gem ændringer",
    ]


@named(SCRIPTS)
def test_no_script_needs_more_than_the_policy_gives(path):
    assert re.findall(r"\beval\(|new Function\(|\.style\b|\.innerHTML\s*=|document\.write|insertAdjacentHTML", path.read_text()) == []
