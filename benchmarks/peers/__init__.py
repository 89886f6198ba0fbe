"""Other servers, each written as its own documentation advises, doing the work that is measured."""
