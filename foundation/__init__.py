"""The shared kit below all other packages: errors, ids, the clock, JSON, schemas, REST, OpenAPI, rate limits.

The package imports no other package of the project. Its subpackage `foundation.database` has its own public modules;
the other modules of `foundation` do not import it.

Start with `errors` (the errors that refuse a request), `schemas` (the models of requests and responses) and `rest`
(the settings of Django REST framework that use both).
"""
