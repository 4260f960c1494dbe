"""Every app's addresses; the only URL file that names all apps."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("crm.urls")),
    path("", include("leads.urls")),
    path("", include("workflow.urls")),
    path("admin/", admin.site.urls),
]

handler403 = "crm.views.errors.forbidden"
handler404 = "crm.views.errors.not_found"
handler500 = "crm.views.errors.server_error"
