"""The help texts of the settings screens of this app (W0)."""

from django.utils.translation import gettext_lazy as _

from crm.slots import Help

HELPS = (
    Help(
        "lead-statuses",
        what=_(
            "The list of lead statuses says how far one person is in qualification. They are shown at companies whose category has "
            "lead status enabled. Reports go by the meaning of a status, not by its name."
        ),
        example=_("You add “Meeting booked” with the meaning Qualified. It counts as qualified in every report from then on, whatever you call it later."),
        check=_("Is one status the default? New contacts get it. And is lead status enabled for the categories you qualify in, under Company – Category?"),
    ),
)
