"""Deals: what the parties of a bid or campaign do and agree on, from opening to payment and delivery.

May import `messaging` and everything below it. A deal has a row `Deal` beside its conversation, whose lock guards it.
Start with `actions` (a party acts), then `transitions` (a decision of the flow is applied); `opening` opens a
conversation, `deadlines` does what is due, `offers` keeps the chain of offers, `payments/` talks to payment providers.
"""
