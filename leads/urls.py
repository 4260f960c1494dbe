"""Addresses of leads and what comes in."""

from django.urls import path

from leads.views import distribution, form_editor, forms, inquiries, privacy, public, reassigning, statuses

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
    # lead forms: the settings screens
    path("settings/lead-forms/", forms.form_list, name="form-list"),
    path("settings/lead-forms/new/", form_editor.form_edit, name="form-new"),
    path("settings/lead-forms/preview/", form_editor.form_preview, name="form-preview"),
    path("settings/lead-forms/<int:pk>/", form_editor.form_edit, name="form-edit"),
    path("settings/lead-forms/<int:pk>/duplicate/", forms.form_duplicate, name="form-duplicate"),
    path("settings/lead-forms/<int:pk>/switch/", forms.form_switch, name="form-switch"),
    path("settings/lead-forms/<int:pk>/delete/", forms.form_delete, name="form-delete"),
    path("settings/lead-forms/<int:pk>/restore/", forms.form_restore, name="form-restore"),
    # public: what visitors meet
    path("forms/embed.js", public.public_script, name="public-script"),
    path("forms/<slug:slug>/", public.public_form, name="public-form"),
    path("forms/<slug:slug>/thanks/", public.public_thanks, name="public-thanks"),
    path("forms/<slug:slug>/embed/", public.public_form, {"embedded": True}, name="public-embed"),
    path("forms/<slug:slug>/embed/thanks/", public.public_thanks, {"embedded": True}, name="public-embed-thanks"),
    path("forms/<slug:slug>/key/", public.public_key, name="public-key"),
    path("forms/<slug:slug>/send/", public.public_send, name="public-send"),
    # Who gets what comes in
    path("settings/distribution/", distribution.distribution, name="distribution"),
    path("settings/distribution/<int:pk>/", distribution.distribution_edit, name="distribution-edit"),
    path("settings/distribution/<int:pk>/add/", distribution.seat_new, name="seat-new"),
    path("settings/distribution/<int:pk>/delete/", distribution.distribution_delete, name="distribution-delete"),
    path("settings/lead-forms/<int:pk>/own-distribution/", distribution.distribution_own, name="distribution-own"),
    path("settings/seats/<int:pk>/weight/", distribution.seat_weight, name="seat-weight"),
    path("settings/seats/<int:pk>/pause/", distribution.seat_pause, name="seat-pause"),
    path("settings/seats/<int:pk>/resume/", distribution.seat_resume, name="seat-resume"),
    path("settings/seats/<int:pk>/remove/", distribution.seat_remove, name="seat-remove"),
    path("inquiries/<int:pk>/reassign/", reassigning.inquiry_reassign, name="inquiry-reassign"),
    path("inquiries/<int:pk>/next/", reassigning.inquiry_next, name="inquiry-next"),
    path("inquiries/<int:pk>/take-back/", reassigning.inquiry_take_back, name="inquiry-take-back"),
    # What is kept of a person
    path("contacts/<int:pk>/export/", privacy.contact_export, name="contact-export"),
    path("contacts/<int:pk>/erase/", privacy.contact_erase, name="contact-erase"),
]
