"""The help texts of the settings screens of this app (W0)."""

from django.utils.translation import gettext_lazy as _

from crm.slots import Help

HELPS = (
    Help(
        "company-categories",
        what=_(
            "The list of categories says where a company can stand. Each category belongs to one of five groups, and the group is "
            "what Havn goes by: the name is yours to choose, and renaming changes nothing else."
        ),
        example=_(
            "You call your prospects “Suspect” and “Prospect”. Add both in the group Potential customer: rules may then move "
            "companies between them, and out of them when a sale is won."
        ),
        check=_(
            "Is at least one category in the group Potential customer, and does it have lead status enabled? Without the first no "
            "rule runs; without the second nobody sees a lead status."
        ),
    ),
    Help(
        "sale-stages",
        what=_("The stages are the steps an open sale goes through, each with the probability that it ends well."),
        example=_("A sale of 100,000 in a stage with a probability of 60 percent counts as 60,000 in a forecast."),
        check=_("Do the stages stand in the order in which you sell, with a probability that rises from one to the next?"),
    ),
    Help(
        "sale-reasons",
        what=_("The reasons are what a salesperson can choose when a sale is won or lost. A reason belongs to one of the two."),
        example=_("With “Chose a competitor” among the reasons for a lost sale, you can later see how often that happened."),
        check=_("Is the list short? Five reasons that everybody understands say more than twenty that nobody tells apart."),
    ),
    Help(
        "users",
        what=_(
            "Everybody who uses Havn, and what they may do. Salespeople work with companies, contacts and sales; administrators can "
            "also open Settings and maintenance. Nobody is deleted: a deactivated user can no longer log in, and stays in the "
            "history."
        ),
        example=_("Jonas leaves. Deactivate him and choose Signe as the new contact for his companies: what was waiting for his answer then waits for hers."),
        check=_("Are there two administrators, so that one can help the other? And does everybody who has left stand as deactivated?"),
    ),
    Help(
        "log",
        what=_("Every change made in Settings and maintenance: who made it, when, and what it was before and after. Nothing can be edited or removed here."),
        example=_("Companies have stopped becoming customers since Monday. Choose Lead categorization and Monday’s date to see who switched the rule off."),
        check=_("Nothing to set up. To see what the rules did with the companies, and not how they were set up, look in Workflow."),
    ),
)
