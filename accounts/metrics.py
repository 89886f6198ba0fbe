"""The metrics of logins, served at `/metrics` if that is switched on."""

from prometheus_client import Counter

refreshes = Counter(
    "stoory_token_refreshes_total",
    "Renewals of tokens: rotated, repeated within the grace period, or refused because a used token was sent again",
    ["outcome"],
)
