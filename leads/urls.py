"""Addresses of leads and what comes in."""

from django.urls import path

from leads.views import inquiries, public, statuses

app_name = "leads"
urlpatterns = [
    path("leads/", statuses.lead_board, name="board"),
    path("contacts/<int:pk>/lead-status/", statuses.contact_lead_status, name="contact-lead-status"),
    # Inquiries
    path("inquiries/", inquiries.inquiry_list, name="inquiry-list"),
    path("inquiries/spam/delete/", inquiries.spam_delete, name="spam-delete"),
    path("inquiries/<int:pk>/", inquiries.inquiry_detail, name="inquiry"),
    path("inquiries/<int:pk>/handled/", inquiries.inquiry_handled, name="inquiry-handled"),
    path("inquiries/<int:pk>/spam/", inquiries.inquiry_spam, name="inquiry-spam"),
    path("inquiries/<int:pk>/not-spam/", inquiries.inquiry_not_spam, name="inquiry-not-spam"),
    path("inquiries/<int:pk>/split/", inquiries.inquiry_split, name="inquiry-split"),
    path("inquiries/<int:pk>/unsplit/", inquiries.inquiry_unsplit, name="inquiry-unsplit"),
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
