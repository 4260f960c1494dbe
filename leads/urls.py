"""Addresses of lead statuses."""

from django.urls import path

from leads import views

app_name = "leads"
urlpatterns = [
    path("contacts/<int:pk>/lead-status/", views.contact_lead_status, name="contact-lead-status"),
    path("settings/lists/lead-statuses/", views.STATUSES.items, name="status-list"),
    path("settings/lists/lead-statuses/new/", views.STATUSES.edit, name="status-list-new"),
    path("settings/lists/lead-statuses/<int:pk>/", views.STATUSES.edit, name="status-list-item"),
]
