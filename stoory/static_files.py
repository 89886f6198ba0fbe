"""Static files in production: compressed, with a hash of the content in each name."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Scripts also import each other by hashed names. So no page mixes modules of two releases or loads a module
    twice."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
    """The maximum length of a chain of modules that import each other. Django's default is 5."""
