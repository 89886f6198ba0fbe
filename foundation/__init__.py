"""The shared kit below all other packages: errors, ids, the clock, JSON, schemas, REST, OpenAPI, rate limits.

It imports no other package of the project, and knows nothing of what they do. `foundation.database` is a
package of its own inside it; the modules beside it import nothing from there. Start with `errors` (how a request is
refused), `schemas` (what clients send and receive) and `rest` (how both meet Django REST framework).
"""
