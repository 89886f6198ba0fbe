"""The flow of deals: `flow` puts together the states of `contact`, `negotiation` and `work`."""
