"""The help texts of the settings screens of this app (W0); a tab is found by its URL name."""

from django.utils.translation import gettext_lazy as _

from crm.slots import Help

HELPS = (
    Help(
        "workflow",
        what=_(
            "Four rules move a company to another category by themselves: when a sale is won, lost or registered, or when a lead "
            "status is set. They act only on potential customers, so a customer never becomes a lead again. A rule can ask first; "
            "then the person who caused it decides."
        ),
        example=_(
            "Switch on “Update category when a sale is won” and choose Customer. When Jonas wins a sale at a company that is an "
            "Opportunity, the company becomes a Customer at once."
        ),
        check=_(
            "Do the categories you want to move belong to the group Potential customer? If you are not sure about a rule, let it ask "
            "first: nothing changes until somebody says yes."
        ),
    ),
    Help(
        "workflow:rule-history",
        what=_("Everything the rules have looked at: what they changed, what waits for an answer, and what they left alone and why."),
        example=_("A company was not moved although its sale was won. Find the company here: the line says, for instance, that it was a customer already."),
        check=_("Choose the rule and the period first. If there is no line at all, the rule was off at the time: the settings log says who switched it off."),
    ),
    Help(
        "workflow:try",
        what=_("Reads the answer of every rule to something that has not happened: in their order, each with its reason. Nothing is changed."),
        example=_("A colleague asks why a company would not become a Customer. Pick the company and “A sale is won”: the rule says what stands in its way."),
        check=_("Only rules that are saved answer. To see what a rule you have not saved yet would do, press “What would this do?” beside it."),
    ),
    Help(
        "workflow:preview",
        what=_(
            "Lists the companies that a rule would move because of what has happened lately, had it been on. From here a rule that is "
            "on can be applied to them, and all of it can be undone as a whole."
        ),
        example=_("You have just switched on the rule for won sales. Apply it to the sales of the last 90 days, but leave out two companies."),
        check=_("Look at which companies would stay, and why. A sale that was declined before is not asked about again."),
    ),
    Help(
        "workflow:batches",
        what=_("Imports and other changes of many companies at once. Each can be taken back as a whole: every company gets the category it had before."),
        example=_("An import moved 300 companies to Customer by mistake. Open it here and undo it; the four that somebody has changed since stay as they are."),
        check=_("Look at what it changed before you undo it. Companies, contacts and sales that an import created stay."),
    ),
    Help(
        "workflow:failures",
        what=_(
            "Rules that could not do their work. The sale or lead status was saved, and the company kept its category. Retry lets the "
            "rule look again, at how things are now."
        ),
        example=_("The database was busy for a moment while a sale was won. Retry, and the company becomes a Customer as it should have."),
        check=_("Does the same rule fail again and again? Then show the text of the error to whoever runs Havn for you."),
    ),
    Help(
        "workflow:setup",
        what=_(
            "Puts your own categories into the five groups that Havn goes by, and says beforehand what will follow from it. Nothing "
            "changes until you press Apply."
        ),
        example=_(
            "You have always called your prospects “Suspect”. Put Suspect into the group Potential customer and enable lead status: "
            "from then on the rules can move these companies."
        ),
        check=_("Which categories do companies have before they buy anything? Those belong in the group Potential customer."),
    ),
)
