"""Addresses of leads and what comes in."""

from django.urls import path

from leads.views import public, statuses

app_name = "leads"
urlpatterns = [
    path("leads/", statuses.lead_board, name="board"),
    path("contacts/<int:pk>/lead-status/", statuses.contact_lead_status, name="contact-lead-status"),
    *statuses.STATUSES.urls("settings/lists/lead-statuses/", "status-list"),
    # public: what visitors meet
    path("forms/embed.js", public.public_script, name="public-script"),
    path("forms/<slug:slug>/", public.public_form, name="public-form"),
    path("forms/<slug:slug>/thanks/", public.public_thanks, name="public-thanks"),
    path("forms/<slug:slug>/embed/", public.public_form, {"embedded": True}, name="public-embed"),
    path("forms/<slug:slug>/embed/thanks/", public.public_thanks, {"embedded": True}, name="public-embed-thanks"),
    path("forms/<slug:slug>/key/", public.public_key, name="public-key"),
    path("forms/<slug:slug>/send/", public.public_send, name="public-send"),
]
