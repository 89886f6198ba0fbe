"""Static files in production: compressed, under names that change with what is in them."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):
    """Scripts too import each other by these names: no page mixes modules of two releases, or loads one twice."""

    support_js_module_import_aggregation = True
    max_post_process_passes = 20
    """As many modules may import each other in a row; Django allows five."""
