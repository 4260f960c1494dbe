"""Addresses of companies, contacts, sales, settings and the account."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from crm.views import account, archiving, bulk, bulk_told, choosing, companies, contacts, facts, pipeline, record_lists, remarks, sales, search, settings, users
from crm.views.overview import overview
from crm.views.settings_log import settings_log

app_name = "crm"
urlpatterns = [
    path("", overview, name="overview"),
    path("login/", account.Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/password/", account.password, name="password"),
    path("language/", account.set_language, name="language"),
    path("theme/", account.set_theme, name="theme"),
    path("welcome/<uidb64>/<token>/", users.welcome, name="welcome"),
    path("healthz", account.health, name="health"),
    path("search/", search.search_all, name="search"),
    path("choose/companies/", choosing.choose_company, name="choose-company"),
    path("choose/contacts/", choosing.choose_contact, name="choose-contact"),
    path("choose/users/", choosing.choose_user, name="choose-user"),
    path("companies/", record_lists.company_list, name="companies"),
    path("companies/new/", companies.company_new, name="company-new"),
    path("companies/<int:pk>/", companies.company_detail, name="company"),
    path("companies/<int:pk>/edit/", companies.company_edit, name="company-edit"),
    path("companies/<int:pk>/category/", companies.company_category, name="company-category"),
    path("contacts/", record_lists.contact_list, name="contacts"),
    path("contacts/new/", contacts.contact_new, name="contact-new"),
    path("contacts/<int:pk>/", contacts.contact_detail, name="contact"),
    path("contacts/<int:pk>/edit/", contacts.contact_edit, name="contact-edit"),
    path("sales/", record_lists.sale_list, name="sales"),
    path("sales/board/", pipeline.sale_pipeline, name="pipeline"),
    path("sales/new/", sales.sale_new, name="sale-new"),
    path("sales/<int:pk>/", sales.sale_detail, name="sale"),
    path("sales/<int:pk>/edit/", sales.sale_edit, name="sale-edit"),
    path("sales/<int:pk>/won/", sales.sale_won, name="sale-won"),
    path("sales/<int:pk>/lost/", sales.sale_lost, name="sale-lost"),
    path("sales/<int:pk>/stall/", sales.sale_stall, name="sale-stall"),
    path("sales/<int:pk>/close/", sales.sale_close, name="sale-close"),
    path("sales/<int:pk>/reopen/", sales.sale_reopen, name="sale-reopen"),
    path("sales/<int:pk>/stage/", sales.sale_stage, name="sale-stage"),
    *[path(f"{verb.place}/bulk/{verb.key}/", bulk.bulk_edit, {"verb": verb}, name=f"{verb.place}-bulk-{verb.key}") for verb in bulk.VERBS],
    path("bulk/<int:pk>/told/", bulk_told.bulk_told, name="bulk-told"),
    path("bulk/<int:pk>/undo/", bulk_told.bulk_undo, name="bulk-undo"),
    *(
        path(f"{plural}/<int:pk>/{way}", getattr(module, f"{kind}_{verb}"), name=f"{kind}-{verb.replace('_', '-')}")
        for kind, plural in (("company", "companies"), ("contact", "contacts"), ("sale", "sales"))
        for way, module, verb in (
            ("facts/<slug:fact>/", facts, "fact"),
            ("archive/", archiving, "archive"),
            ("restore/", archiving, "restore"),
            ("notes/", remarks, "notes"),
            ("follow-ups/", remarks, "follow_up"),
        )
    ),
    path("notes/<int:pk>/edit/", remarks.note_edit, name="note-edit"),
    path("notes/<int:pk>/delete/", remarks.note_delete, name="note-delete"),
    path("notes/<int:pk>/restore/", remarks.note_restore, name="note-restore"),
    path("follow-ups/<int:pk>/edit/", remarks.follow_up_edit, name="follow-up-edit"),
    path("follow-ups/<int:pk>/done/", remarks.follow_up_done, name="follow-up-done"),
    path("follow-ups/<int:pk>/undone/", remarks.follow_up_undone, name="follow-up-undone"),
    path("follow-ups/<int:pk>/delete/", remarks.follow_up_delete, name="follow-up-delete"),
    path("follow-ups/<int:pk>/restore/", remarks.follow_up_restore, name="follow-up-restore"),
    path("settings/", settings.settings_home, name="settings"),
    path("settings/users/", users.user_list, name="user-list"),
    path("settings/users/new/", users.user_new, name="user-new"),
    path("settings/users/<int:pk>/", users.user_edit, name="user-edit"),
    path("settings/users/<int:pk>/deactivate/", users.user_deactivate, name="user-deactivate"),
    path("settings/users/<int:pk>/reactivate/", users.user_reactivate, name="user-reactivate"),
    path("settings/users/<int:pk>/link/", users.user_link, name="user-link"),
    path("settings/users/<int:pk>/link/made/", users.user_link_made, name="user-link-made"),
    path("settings/log/", settings_log, name="settings-log"),
    *settings.CATEGORIES.urls("settings/lists/company-categories/", "category-list"),
    *settings.STAGES.urls("settings/lists/sale-stages/", "stage-list"),
    *settings.REASONS.urls("settings/lists/sale-reasons/", "reason-list"),
]
