"""Addresses of suggestions and rules."""

from django.urls import path

from workflow.views import changes, confirmations, settings

app_name = "workflow"
urlpatterns = [
    path("confirmations/", confirmations.confirmations, name="confirmations"),
    path("confirmations/answers/", confirmations.answer_several, name="answer-several"),
    path("confirmations/<int:pk>/", confirmations.confirmation, name="confirmation"),
    path("confirmations/<int:pk>/quick/", confirmations.confirmation_quick, name="confirmation-quick"),
    path("companies/<int:pk>/history/", confirmations.company_history, name="company-history"),
    path("category-changes/<int:pk>/undo/", changes.decision_undo, name="undo"),
    path("category-changes/<int:pk>/ask-again/", changes.decision_ask_again, name="ask-again"),
    path("category-changes/<int:pk>/retry/", changes.decision_retry, name="retry"),
    path("settings/workflow/failures/", changes.failures, name="failures"),
    path("category-changes/retry/", changes.retry_all, name="retry-all"),
    path("settings/workflow/batches/", changes.batches, name="batches"),
    path("category-changes/batches/<int:pk>/", changes.batch_detail, name="batch"),
    path("category-changes/batches/<int:pk>/undo/", changes.batch_undo, name="batch-undo"),
    path("settings/workflow/lead-categorization/", settings.lead_categorization, name="lead-categorization"),
]
