"""Django's admin: every change there goes through the same write paths, so rules run here too."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.models import CategoryGroup, Company, CompanyCategory, Contact, Sale, SaleReason, SaleStage, SaleTransition, SettingsChange, User
from crm.retrying import retrying


class KeptAdmin(admin.ModelAdmin):
    """Nothing is deleted: it is archived, or kept as history."""

    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's, which opens a transaction of its own; done again after a deadlock."""
        return retrying(lambda: super(KeptAdmin, self).changeform_view(*args, **kwargs))

    def changelist_view(self, *args: Any, **kwargs: Any) -> Any:
        """As Django's; its actions and its edits in the list are done again after a deadlock."""
        return retrying(lambda: super(KeptAdmin, self).changelist_view(*args, **kwargs))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(KeptAdmin):
    """History is looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(BaseUserAdmin):
    """Users log in by e-mail address."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "language", "theme", "is_available")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "first_name", "last_name", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(CompanyCategory, SaleStage, SaleReason)
class ListAdmin(KeptAdmin):
    """List items."""

    list_display = ("name", "position", "archived_at")
    search_fields = ("name",)


@admin.register(Company)
class CompanyAdmin(KeptAdmin):
    """Companies; a category chosen here is a change by hand."""

    list_display = ("name", "city", "category", "our_contact")
    list_filter = ("category",)
    search_fields = ("search_text",)
    list_select_related = ("category", "our_contact")


@admin.register(Contact)
class ContactAdmin(KeptAdmin):
    """Contacts."""

    list_display = ("__str__", "company", "email")
    search_fields = ("search_text",)
    autocomplete_fields: ClassVar[list[str]] = ["company"]
    list_select_related = ("company",)


@admin.register(Sale)
class SaleAdmin(KeptAdmin):
    """Sales; won or lost here runs the rules."""

    list_display = ("title", "company", "status", "amount", "currency", "owner")
    list_filter = ("status",)
    search_fields = ("search_text",)
    autocomplete_fields: ClassVar[list[str]] = ["company", "contact"]
    list_select_related = ("company", "owner")


admin.site.register(SaleTransition, ReadOnlyAdmin)
admin.site.register(SettingsChange, ReadOnlyAdmin)
admin.site.register(CategoryGroup, ReadOnlyAdmin)
