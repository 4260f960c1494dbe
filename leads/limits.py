"""How much the public form takes, and how often (I5). The numbers in one place; docs/operations.md explains them."""

import datetime as dt

from crm.throttle import Limit

BODY = 64 * 1024  # bytes of what is sent; asked before anything is read
FIELDS = 100  # values in it
KEY_LASTS = dt.timedelta(hours=24)  # how long a page may be open before it is sent
FASTEST = dt.timedelta(seconds=3)  # nobody fills in a form faster
FASTEST_AGAIN = dt.timedelta(seconds=1)  # nobody reads one faster that is filled in already
FROM_ONE_ADDRESS = Limit("lead form from one address", 10, dt.timedelta(minutes=10))
OF_ONE_FORM = Limit("lead form", 200, dt.timedelta(minutes=10))  # what comes above it goes into the spam folder
ABOVE_THAT = Limit("lead form, above its limit", 1_000, dt.timedelta(minutes=10))  # and above this one is refused
CAUGHT = Limit("lead form, caught", 200, dt.timedelta(minutes=10))  # of one form, by its trap or its clock: takes nothing from the others
