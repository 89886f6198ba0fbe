"""The flow of deals. `flow` combines the states of `contact`, `negotiation` and `work`."""
