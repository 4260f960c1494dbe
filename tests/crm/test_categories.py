"""Categories and groups: C1 to C3, C6 and C8. What "the database cannot hold" is tried past Havn's own code."""

from __future__ import annotations

import unicodedata

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone, translation

from crm.initial import make_lists
from crm.models import CategoryGroup, Company, CompanyCategory, SaleReason, SaleStage
from leads.models import LeadStatus
from tests.crm.writes import CREATIONS, create, plain
from tests.factories import CompanyFactory

pytestmark = pytest.mark.django_db
LISTS = [CompanyCategory, LeadStatus, SaleStage, SaleReason]
ENGLISH = ["Lead", "Marketing qualified lead", "Opportunity", "Lost opportunity", "Customer", "Partner", "Former customer", "Other"]
DANISH = ["Lead", "Marketingkvalificeret lead", "Mulighed", "Tabt mulighed", "Kunde", "Partner", "Tidligere kunde", "Andet"]
GROUPS = ["potential_customer"] * 4 + ["customer", "partner", "lost", "other"]


def _item(model, name, **values):
    return model(name=name, **({"group_id": "other"} if model is CompanyCategory else {}), **values)


# ---------------------------------------------------------------------- C1
@pytest.mark.parametrize(("model", "column"), [(Company, "category"), (CompanyCategory, "group")])
def test_c1_the_database_holds_no_company_without_a_category_and_no_category_without_a_group(model, column):
    CompanyFactory()
    with pytest.raises(IntegrityError):
        plain(model).update(**{column: None})


def test_c1_there_are_five_groups_with_fixed_keys():
    assert list(CategoryGroup.objects.values_list("key", flat=True)) == ["potential_customer", "customer", "partner", "lost", "other"]


@pytest.mark.parametrize(
    ("language", "labels"),
    [("en", ["Potential customer", "Customer", "Partner", "Lost", "Other"]), ("da", ["Potentiel kunde", "Kunde", "Partner", "Tabt", "Andet"])],
)
def test_c1_the_label_of_a_group_is_translated(language, labels):
    with translation.override(language):
        assert [str(group) for group in CategoryGroup.objects.all()] == labels


def test_c1_a_category_in_use_and_a_group_in_use_cannot_be_removed_from_the_database(category):
    CompanyFactory()
    with pytest.raises(ProtectedError):
        category["Lead"].delete()
    with pytest.raises(ProtectedError):
        CategoryGroup.objects.get(key="potential_customer").delete()


# ---------------------------------------------------------------------- C2
SAME = [
    ("Ærøskøbing", "ÆRØSKØBING"),
    ("Ærøskøbing", "  ærøskøbing "),
    ("Å", unicodedata.normalize("NFD", "å")),
    ("New  deal", "new deal"),
    ("Straße", "STRASSE"),
]


@pytest.mark.parametrize(("first", "second"), SAME)
@pytest.mark.parametrize("model", LISTS)
def test_c2_a_name_is_unique_regardless_of_case(model, first, second):
    _item(model, first).save()
    with pytest.raises(IntegrityError):
        _item(model, second).save()


@pytest.mark.parametrize("model", LISTS)
def test_c2_the_name_of_a_deleted_item_is_taken(model):
    _item(model, "Øko", archived_at=timezone.now()).save()
    again = _item(model, "ØKO")
    with pytest.raises(ValidationError) as refused:
        again.full_clean()
    assert "name" in refused.value.message_dict
    with pytest.raises(IntegrityError):
        again.save()


def _rename_by_save(item, name):
    item.name = name
    item.save()


def _rename_by_update_fields(item, name):
    item.name = name
    item.save(update_fields=["name"])


def _rename_by_bulk_update(item, name):
    item.name = name
    type(item).objects.bulk_update([item], ["name"])


RENAMES = {
    "save": _rename_by_save,
    "update_fields": _rename_by_update_fields,
    "update": lambda item, name: type(item).objects.filter(pk=item.pk).update(name=name),
    "bulk_update": _rename_by_bulk_update,
    "bulk_create": lambda item, name: type(item).objects.bulk_create([_item(type(item), name)]),
}


@pytest.mark.parametrize("rename", RENAMES.values(), ids=RENAMES.keys())
@pytest.mark.parametrize("model", [CompanyCategory, LeadStatus])
def test_c2_a_name_is_unique_whichever_way_it_is_written(model, rename):
    _item(model, "Ærø").save()
    other = _item(model, "Samsø")
    other.save()
    with pytest.raises(IntegrityError):
        rename(other, "ÆRØ")


@pytest.mark.parametrize("how", ["save", "update_fields", "update", "bulk_update"])
def test_c2_a_name_that_was_given_up_is_free_again(how, category):
    RENAMES[how](category["Partner"], "Ambassador")
    assert create("save", CompanyCategory, name="PARTNER", group_id="other").pk
    with pytest.raises(ValidationError, match="already has this name"):
        _item(CompanyCategory, "ambassador").full_clean()


def test_c2_saving_other_fields_does_not_take_a_name_that_is_not_saved(category):
    partner = category["Partner"]
    partner.name, partner.position = "Ambassador", 99
    partner.save(update_fields=["position"])
    with pytest.raises(ValidationError, match="already has this name"):
        _item(CompanyCategory, "PARTNER").full_clean()
    _item(CompanyCategory, "Ambassador").full_clean()


def test_c2_an_item_may_keep_its_name_and_change_its_case(category):
    lead = category["Lead"]
    lead.name = "LEAD"
    lead.full_clean()
    lead.save()
    assert CompanyCategory.objects.get(pk=lead.pk).name == "LEAD"


@pytest.mark.parametrize("model", LISTS)
def test_c2_a_new_item_is_last_in_the_order(model):
    made = _item(model, "Zz")
    made.save()
    assert list(model.objects.all())[-1] == made


def test_c2_description_is_optional_and_colour_is_a_known_tone():
    made = _item(CompanyCategory, "Investor")
    made.full_clean()
    made.colour = "chartreuse"
    with pytest.raises(ValidationError) as refused:
        made.full_clean()
    assert list(refused.value.message_dict) == ["colour"]


# ---------------------------------------------------------------------- C3
@pytest.mark.parametrize("name", ["Customer", "Partner", "Former customer", "Other"])
def test_c3_lead_status_is_refused_outside_potential_customer(category, name):
    item = category[name]
    item.lead_status_enabled = True
    with pytest.raises(ValidationError, match="Lead status needs the group Potential customer"):
        item.full_clean()
    with pytest.raises(IntegrityError):
        plain(CompanyCategory).filter(pk=item.pk).update(lead_status_enabled=True)


@pytest.mark.parametrize("group", ["customer", "partner", "lost", "other"])
def test_c3_the_database_holds_no_category_with_lead_status_that_leaves_the_group(category, group):
    with pytest.raises(IntegrityError):
        plain(CompanyCategory).filter(pk=category["Opportunity"].pk).update(group=group)


@pytest.mark.parametrize("enabled", [True, False])
def test_c3_lead_status_is_a_free_choice_inside_potential_customer(category, enabled):
    item = category["Lost opportunity"]
    item.lead_status_enabled = enabled
    item.full_clean()
    item.save()
    assert CompanyCategory.objects.get(pk=item.pk).lead_status_enabled is enabled


def test_c3_a_category_may_leave_the_group_and_switch_lead_status_off_in_one_save(category):
    item = category["Opportunity"]
    item.group_id, item.lead_status_enabled = "partner", False
    item.full_clean()
    item.save()
    assert CompanyCategory.objects.filter(pk=item.pk, group="partner", lead_status_enabled=False).exists()


# ---------------------------------------------------------------------- C6
def _as_listed():
    return [(item.name, item.group_id, item.lead_status_enabled, item.is_default) for item in CompanyCategory.objects.all()]


def _expected(names):
    return [(name, group, index < 3, index == 0) for index, (name, group) in enumerate(zip(names, GROUPS, strict=True))]


def test_c6_a_new_database_has_these_categories_in_this_order():
    assert _as_listed() == _expected(ENGLISH)


@pytest.mark.parametrize(("language", "names"), [("da", DANISH), ("en", ENGLISH), ("en-gb", ENGLISH), ("da-dk", DANISH)])
def test_c6_a_new_database_is_in_the_language_of_the_installation(settings, language, names):
    CompanyCategory.objects.all().delete()
    settings.LANGUAGE_CODE = language
    make_lists(apps.get_model)
    assert _as_listed() == _expected(names)


@pytest.mark.parametrize("language", ["en", "da"])
def test_c6_a_database_in_use_gets_no_categories_on_an_upgrade(settings, language):
    CompanyCategory.objects.exclude(name="Partner").delete()
    CompanyCategory.objects.update(archived_at=timezone.now())
    settings.LANGUAGE_CODE = language
    make_lists(apps.get_model)
    assert list(CompanyCategory.objects.values_list("name", flat=True)) == ["Partner"]


# ---------------------------------------------------------------------- C8
def test_c8_lead_is_the_default_in_a_new_database():
    assert CompanyCategory.objects.get(is_default=True).name == "Lead"


@pytest.mark.parametrize("how", CREATIONS)
def test_c8_a_new_company_gets_the_default_category(category, how):
    CompanyCategory.objects.filter(is_default=True).update(is_default=False)
    CompanyCategory.objects.filter(name="Partner").update(is_default=True)
    company = create(how, Company, name="Fjordbo A/S")
    assert Company.objects.get(pk=company.pk).category == category["Partner"]


@pytest.mark.parametrize("how", CREATIONS)
def test_c8_a_new_company_keeps_the_category_it_was_given(category, how):
    company = create(how, Company, name="Fjordbo A/S", category=category["Other"])
    assert Company.objects.get(pk=company.pk).category == category["Other"]


@pytest.mark.parametrize("model", [CompanyCategory, LeadStatus])
def test_c8_l2_the_database_holds_no_second_default(model):
    with pytest.raises(IntegrityError):
        plain(model).filter(pk=model.objects.last().pk).update(is_default=True)


@pytest.mark.parametrize("model", [CompanyCategory, LeadStatus])
def test_c8_l2_the_default_cannot_be_deleted_while_it_is(model):
    default = model.objects.get(is_default=True)
    with pytest.raises(IntegrityError):
        plain(model).filter(pk=default.pk).update(archived_at=timezone.now())


def test_c4_a_deleted_item_is_not_offered_but_to_the_record_that_has_it(category):
    partner = category["Partner"]
    CompanyCategory.objects.filter(pk=partner.pk).update(archived_at=timezone.now())
    assert partner not in CompanyCategory.objects.active()
    assert partner in CompanyCategory.objects.active(include=partner.pk)
