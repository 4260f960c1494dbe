"""The help texts of the settings screens of this app (W0)."""

from django.utils.translation import gettext_lazy as _

from crm.slots import Help

HELPS = (
    Help(
        "lead-forms",
        what=_(
            "A lead form is a form for your website. It has a page of its own and a snippet for your pages. What visitors send becomes an "
            "inquiry: its company and contact are found or made, and somebody is given it."
        ),
        example=_("A campaign needs a form of its own: duplicate the one you have, change the title, and see here how many inquiries each of them brings."),
        check=_("Is every form that is linked to switched on? And is there somebody who gets what comes in?"),
    ),
    Help(
        "leads:form-edit",
        what=_(
            "What visitors are asked, what they agree to, what they read when they have sent it, and what becomes of it in Havn: the "
            "category of a company that is new, the lead status of a contact who has none, and who is given the inquiry. The preview "
            "follows what you type."
        ),
        example=_("You add a choice of your own, “Roof size”, and make the telephone number optional. Once saved, the form on your site is the new one."),
        check=_("Does the form ask only for what you need? Does the consent say what you do with it? And is your site among the allowed ones?"),
    ),
    Help(
        "lead-statuses",
        what=_(
            "The list of lead statuses says how far one person is in qualification. They are shown at companies whose category has "
            "lead status enabled. Reports go by the meaning of a status, not by its name."
        ),
        example=_("You add “Meeting booked” with the meaning Qualified. It counts as qualified in every report from then on, whatever you call it later."),
        check=_("Is one status the default? New contacts get it. And is lead status enabled for the categories you qualify in, under Company – Category?"),
    ),
    Help(
        "distribution",
        what=_(
            "What comes in through lead forms is given to the people here in turn, evenly by weight. Who is away, paused or deactivated is passed "
            "over; whoever comes back starts at the present turn and does not catch up. A known company’s inquiries go to our contact there."
        ),
        example=_(
            "Jonas and Signe weigh 1, Karen 2. Of every four leads Karen gets two. While Signe is on holiday, Jonas gets one of three; when she is back, "
            "everybody gets their share from then on."
        ),
        check=_(
            "Does at least one person take part who receives new leads, and is somebody named for when nobody is available? Otherwise an inquiry "
            "stays unassigned, and administrators are told."
        ),
    ),
)
