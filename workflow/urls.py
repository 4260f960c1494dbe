"""Addresses of suggestions and rules."""

from django.urls import path

from workflow.views import changes, confirmations, handing, preview, rule_history, settings, setup, several, tryout

app_name = "workflow"
urlpatterns = [
    path("confirmations/", confirmations.confirmations, name="confirmations"),
    path("confirmations/answers/", several.answer_several, name="answer-several"),
    path("confirmations/undo/", several.undo_several, name="undo-several"),
    path("confirmations/hand-over/", handing.hand_over, name="hand-over"),
    path("confirmations/take-back/", handing.hand_over_take_back, name="take-back"),
    path("confirmations/<int:pk>/", confirmations.confirmation, name="confirmation"),
    path("confirmations/<int:pk>/quick/", confirmations.confirmation_quick, name="confirmation-quick"),
    path("companies/<int:pk>/history/", confirmations.company_history, name="company-history"),
    path("category-changes/<int:pk>/undo/", changes.decision_undo, name="undo"),
    path("category-changes/<int:pk>/ask-again/", changes.decision_ask_again, name="ask-again"),
    path("category-changes/<int:pk>/retry/", changes.decision_retry, name="retry"),
    path("settings/workflow/", settings.home, name="settings"),
    path("settings/workflow/failures/", changes.failures, name="failures"),
    path("category-changes/retry/", changes.retry_all, name="retry-all"),
    path("settings/workflow/batches/", changes.batches, name="batches"),
    path("category-changes/batches/<int:pk>/", changes.batch_detail, name="batch"),
    path("category-changes/batches/<int:pk>/undo/", changes.batch_undo, name="batch-undo"),
    path("category-changes/batches/<int:pk>/apply/", preview.batch_apply, name="batch-apply"),
    path("settings/workflow/preview/", preview.rule_preview, name="preview"),
    path("settings/workflow/preview/dialog/", preview.rule_preview_dialog, name="preview-dialog"),
    path("category-changes/apply/", preview.rule_apply, name="preview-apply"),
    path("settings/workflow/try/", tryout.try_rules_view, name="try"),
    path("settings/workflow/rule-history/", rule_history.rule_history, name="rule-history"),
    path("settings/workflow/lead-categorization/", settings.lead_categorization, name="lead-categorization"),
    path("settings/workflow/setup/", setup.setup, name="setup"),
]
