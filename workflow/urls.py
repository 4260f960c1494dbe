"""Addresses of suggestions and rules."""

from django.urls import path

from workflow.views import confirmations, settings

app_name = "workflow"
urlpatterns = [
    path("confirmations/", confirmations.confirmations, name="confirmations"),
    path("confirmations/answers/", confirmations.answer_several, name="answer-several"),
    path("confirmations/<int:pk>/", confirmations.confirmation, name="confirmation"),
    path("confirmations/<int:pk>/quick/", confirmations.confirmation_quick, name="confirmation-quick"),
    path("companies/<int:pk>/history/", confirmations.company_history, name="company-history"),
    path("settings/workflow/lead-categorization/", settings.lead_categorization, name="lead-categorization"),
]
