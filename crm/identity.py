"""By what two records are known to be the same person or the same company: e-mail addresses, domains and names, as they are compared. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from crm.text import fold

LONGEST_KEY = 254  # characters; the longest address there can be
LONGEST_NAME = 200


def email_key(address: str) -> str:
    """An e-mail address as it is compared: no case, no spaces around it, nothing after a plus. "Lise+x@Firma.DK " gives "lise@firma.dk".

    Empty for what is no address.
    """
    local, at, domain = fold(address).replace(" ", "").rpartition("@")
    local = local.partition("+")[0] or local
    domain = _readable(domain)
    return f"{local}@{domain}"[:LONGEST_KEY] if at and local and domain else ""


def email_domain(address: str) -> str:
    """The domain of an e-mail address as it is compared; empty for what is no address."""
    return email_key(address).rpartition("@")[2]


def website_domain(address: str) -> str:
    """The domain of a web address, without www: "https://www.Firma.dk/om" gives "firma.dk". Empty for what is none."""
    text = fold(address)
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    domain = _readable(host.removeprefix("www."))
    return domain[:LONGEST_KEY] if "." in domain and " " not in domain else ""


def name_key(name: str) -> str:
    """A company's name as it is compared: exact, whatever its case and spaces."""
    return fold(name)[:LONGEST_NAME]


def _readable(domain: str) -> str:
    """Without a dot at its end, and with its own letters: xn--brd-ula.dk is bræd.dk."""
    domain = domain.strip(".")
    if "xn--" not in domain:
        return domain
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain
