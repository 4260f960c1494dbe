"""Every app's addresses; the only URL file that names all apps."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

urlpatterns = [
    path("", include("crm.urls")),
    path("", include("leads.urls")),
    path("", include("workflow.urls")),
    path("admin/", admin.site.urls),
    path("favicon.ico", login_not_required(lambda _request: redirect(static("img/mark.svg")))),  # asked for where a page names no icon
]

handler403 = "crm.views.errors.forbidden"
handler404 = "crm.views.errors.not_found"
handler500 = "crm.views.errors.server_error"
