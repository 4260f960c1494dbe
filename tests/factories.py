"""Test data, through the same write paths as everybody else's."""

from __future__ import annotations

from typing import Any

import factory
from django.contrib.auth.models import Group
from factory.django import DjangoModelFactory

from crm.models import Company, CompanyCategory, Contact, Sale, SaleStage, User
from leads.models import LeadForm, LeadFormField
from workflow.models import AutomationRule, Trigger


class UserFactory(DjangoModelFactory):
    """A salesperson, unless `groups` says otherwise. Password: demo."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"user{n}@havn.example")
    first_name = "Karen"
    last_name = "Holst"
    language = "en"

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> User:
        return User.objects.create_user(password="demo", **kwargs)

    @factory.post_generation
    def groups(self: Any, create: bool, extracted: list[Group] | None, **kwargs: Any) -> None:
        self.groups.set(extracted if extracted is not None else [Group.objects.get(name="Salesperson")])


class CompanyFactory(DjangoModelFactory):
    """A company with the default category (Lead)."""

    class Meta:
        model = Company

    name = factory.Sequence(lambda n: f"Fjordbo Entreprise {n} A/S")
    city = "Vejle"


class ContactFactory(DjangoModelFactory):
    """A person at a company."""

    class Meta:
        model = Contact

    company = factory.SubFactory(CompanyFactory)
    first_name = "Torben"
    last_name = "Friis"


class StageFactory(DjangoModelFactory):
    """A stage of the pipeline."""

    class Meta:
        model = SaleStage

    name = factory.Sequence(lambda n: f"Stage {n}")


class SaleFactory(DjangoModelFactory):
    """An open sale at a company."""

    class Meta:
        model = Sale

    title = factory.Sequence(lambda n: f"Solar roof, hall {n}")
    company = factory.SubFactory(CompanyFactory)
    amount = 860_000


class LeadFormFactory(DjangoModelFactory):
    """A lead form that asks for company, name, e-mail address (required), telephone and message."""

    class Meta:
        model = LeadForm
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"solar-{n}")
    title = "Talk to us about solar"
    language = "en"
    category = factory.LazyFunction(lambda: CompanyCategory.objects.get(is_default=True))
    consent_text = "You may contact me about this enquiry."

    @factory.post_generation
    def fields(self: Any, create: bool, extracted: list[str] | None, **kwargs: Any) -> None:
        required = {"company", "first_name", "email"}
        keys = extracted if extracted is not None else ["company", "first_name", "last_name", "email", "phone", "message"]
        for position, key in enumerate(keys):
            LeadFormField.objects.create(form=self, key=key, is_required=key in required, position=position)


def rule(trigger: Trigger | str, target: CompanyCategory, *, ask: bool = False, **kwargs: Any) -> AutomationRule:
    """A rule that is on."""
    return AutomationRule.objects.create(trigger=trigger, target_category=target, ask_user=ask, is_enabled=True, **kwargs)
