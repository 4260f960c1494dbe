"""Addresses of leads and what comes in."""

from django.urls import path

from leads.views import statuses

app_name = "leads"
urlpatterns = [
    path("leads/", statuses.lead_board, name="board"),
    path("contacts/<int:pk>/lead-status/", statuses.contact_lead_status, name="contact-lead-status"),
    *statuses.STATUSES.urls("settings/lists/lead-statuses/", "status-list"),
]
