"""Django's admin: every change there goes through the same write paths, so rules run here too."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from crm.forms.account import AdminLoginForm
from crm.models import CategoryGroup, Company, CompanyCategory, Contact, FollowUp, Note, Sale, SaleReason, SaleStage, SaleTransition, SettingsChange, User
from crm.models.rights import USERS_AREA, LastAdministrator, watching
from crm.retrying import retrying
from crm.text import as_pk


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
class UserAdmin(KeptAdmin, BaseUserAdmin):
    """Users log in by e-mail address. What is changed here is kept in the settings log, and one administrator stays (S5)."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_active")
    search_fields = ("email", "first_name", "last_name")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "language", "theme", "is_available")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "first_name", "last_name", "usable_password", "password1", "password2")}),)

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None) -> Any:
        """As Django's; what would leave Havn without an administrator is refused in plain words."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except LastAdministrator as last:
            messages.error(request, str(last))
            return redirect(request.path)

    def _changeform_view(self, request: HttpRequest, object_id: str | None, form_url: str, extra_context: Any) -> Any:
        """In the transaction of the change: the user and, after it, the groups."""
        with watching([as_pk(object_id)] if request.method == "POST" and object_id else []):
            return super()._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            SettingsChange.record(area=USERS_AREA, item=str(form.instance), item_id=form.instance.pk, before={}, after=form.instance.kept())


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


admin.site.login_form = AdminLoginForm
admin.site.register(SaleTransition, ReadOnlyAdmin)
admin.site.register(SettingsChange, ReadOnlyAdmin)
admin.site.register(Note, ReadOnlyAdmin)
admin.site.register(FollowUp, ReadOnlyAdmin)
admin.site.register(CategoryGroup, ReadOnlyAdmin)
