"""The pages of operators: the admin's list of conversations, transcripts, diagrams, and interventions.

This package may import `notifications` and everything below it.
Start with `admin` (pages), `transcripts` (what a transcript shows) and `interventions` (pause, resume, close).
"""
