"""Addresses of lead statuses."""

from django.urls import path

from leads import views

app_name = "leads"
urlpatterns = [
    path("leads/", views.lead_board, name="board"),
    path("contacts/<int:pk>/lead-status/", views.contact_lead_status, name="contact-lead-status"),
    *views.STATUSES.urls("settings/lists/lead-statuses/", "status-list"),
]
