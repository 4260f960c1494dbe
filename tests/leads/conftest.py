"""What the tests of leads share."""

from __future__ import annotations

import pytest

from leads.models import LeadForm
from tests.factories import LeadFormFactory
from tests.leads.visiting import SITE


@pytest.fixture
def solar(db: None) -> LeadForm:
    """A lead form that one site may show."""
    return LeadFormFactory(slug="solar", text="Tell us a little.", sites=SITE)
