"""Addresses that an administrator types for a lead form: its own, the sites that may show it, pages to go to. Pure; no database."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from django.utils.text import slugify
from django.utils.translation import gettext as _

LOCAL = {"localhost", "127.0.0.1", "[::1]"}  # where http will do: somebody tries it on their own machine
MOST_SITES = 20  # all of them travel in a header of every page
DANISH = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "ae", "Ø": "oe", "Å": "aa", "ß": "ss"})
LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{LABEL}(\.{LABEL})+")
USUAL = {"https": 443, "http": 80}


class BadAddress(ValueError):
    """What is wrong with an address, in a sentence."""


def slug_of(title: str, *, longest: int = 60) -> str:
    """The address that goes with a title: "Kør på sol!" gives koer-paa-sol. Empty where the title has no letter to make one of."""
    return slugify(title.translate(DANISH))[:longest].strip("-_")


def origin_of(text: str) -> str:
    """A site as browsers compare it: "WWW.Example.dk/" gives https://www.example.dk. Raises BadAddress with what to write instead."""
    text = text.strip()
    if "*" in text:
        raise BadAddress(_("Name each site: an address with * would let in sites that you do not know"))
    found = _split(text if "://" in text else f"https://{text}")
    if found.path.strip("/") or found.query or found.fragment:
        raise BadAddress(_("Only the site, without a page: {site}").format(site=_origin(found)))
    return _origin(found)


def origins_of(text: str) -> list[str]:
    """The sites in these lines, each once, in their order. Raises BadAddress that names the line."""
    found: dict[str, None] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        try:
            found[origin_of(line)] = None
        except BadAddress as bad:
            raise BadAddress(_("{line}: {why}").format(line=line[:80], why=bad)) from None
    if len(found) > MOST_SITES:
        raise BadAddress(_("No more than {n} sites").format(n=MOST_SITES))
    return list(found)


def page_address(text: str) -> str:
    """A page of the web as it was typed, its host as browsers write it. Raises BadAddress unless it is https (or http on this machine)."""
    text = text.strip()
    found = _split(text)
    return found._replace(netloc=_origin(found).partition("://")[2]).geturl()


def _split(text: str) -> SplitResult:
    if re.search(r"[\s\x00-\x1f\x7f\\\"'<>;,]", text):
        raise BadAddress(_("Enter an address such as https://www.example.dk"))
    try:
        found = urlsplit(text)
        known = bool(found.hostname) and found.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        known = False
    if not known or found.username is not None or found.password is not None:
        raise BadAddress(_("Enter an address such as https://www.example.dk"))
    if found.scheme not in USUAL:
        raise BadAddress(_("The address must begin with https://"))
    if found.scheme == "http" and _host(found) not in LOCAL:
        raise BadAddress(_("The address must begin with https://; http is only for trying it out on localhost"))
    return found


def _origin(found: SplitResult) -> str:
    port = found.port if found.port not in (None, USUAL[found.scheme]) else None
    return f"{found.scheme}://{_host(found)}" + (f":{port}" if port else "")


def _host(found: SplitResult) -> str:
    """As browsers send it: small letters, and blåbær.dk as xn--blbr-0qah.dk."""
    host = str(found.hostname).rstrip(".")
    host = f"[{host}]" if ":" in host else host
    if host in LOCAL:
        return host
    try:
        host = host.encode("idna").decode().lower()
    except UnicodeError:
        host = ""
    if not HOST.fullmatch(host):
        raise BadAddress(_("Enter an address such as https://www.example.dk"))
    return host
