"""The stages of the deal."""

from django.utils.translation import gettext_lazy as _

from conversations.flows.definitions import Stage

CONTACT = Stage("contact", _("Contact"))
PROJECT = Stage("project", _("Project"))
PRICE = Stage("price", _("Price"))
PAYMENT = Stage("payment", _("Payment"))
WORK = Stage("work", _("Work"))
DONE = Stage("done", _("Done"))
CLOSED = Stage("closed", _("Closed"))
