"""Deals: the actions and agreements of the parties in a bid or campaign, from opening to payment and delivery.

This package may import `messaging` and everything below it. Each deal is a row `Deal`, guarded by the lock of its
conversation.
Start with `actions` (a party takes an action), then `transitions` (a decision of the flow is applied). `opening` opens
conversations, `deadlines` takes the system actions that are due, `offers` stores the chain of offers, and `payments/`
calls payment providers.
"""
