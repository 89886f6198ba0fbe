"""Receipts: what was paid for a deal and what was refunded, as data and as a PDF."""
