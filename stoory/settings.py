"""Django settings. Without environment variables, the database is SQLite and the bus is in memory.

`stoory.configuration` declares the environment variables.
"""

from datetime import timedelta
from typing import Any

import dj_database_url
from corsheaders.defaults import default_headers
from csp.constants import NONCE, NONE, SELF

from stoory.configuration import BASE_DIR, DEVELOPMENT_SECRET, Configuration  # noqa: F401 (settings)
from stoory.file_configuration import MEGABYTE, REQUEST_HEADERS, RESPONSE_HEADERS
from stoory.openapi_settings import SPECTACULAR_SETTINGS  # noqa: F401 (a setting)

env = Configuration.load(BASE_DIR / ".env")

DATA_DIR, INCOMING_DIR = env.DATA_DIR, env.INCOMING_DIR
for folder in (DATA_DIR, INCOMING_DIR):
    folder.mkdir(parents=True, exist_ok=True)

DEBUG = env.DEBUG
SECRET_KEY = env.SECRET_KEY
SECRET_KEY_FALLBACKS = env.SECRET_KEY_FALLBACKS
ALLOWED_HOSTS = env.ALLOWED_HOSTS

INSTALLED_APPS = [
    # From the lowest package to the highest: receivers of the same signal are called in this order.
    "tasks",
    "accounts",
    "realtime",
    "conversations",
    "messaging",
    "deals",
    "notifications",
    "operators",
    "stoory",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "corsheaders",
    "csp",
]

MIDDLEWARE = [
    "stoory.middleware.ContentSecurityPolicyMiddleware",
    "stoory.middleware.HealthCheckMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "stoory.middleware.StaticFilesMiddleware",
    "stoory.middleware.OptionalTrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "stoory.urls"
ASGI_APPLICATION = "stoory.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- Storage ---------------------------------------------------------------------------------------------------

DATABASES = {"default": dj_database_url.parse(env.DATABASE_URL)}
WORKER_THREADS = env.WORKER_THREADS
DATABASE_POOL = env.DATABASE_POOL
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # A transaction takes the write lock at BEGIN, so it waits instead of failing with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Threads can share a database in a file, but not a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Each busy thread holds a connection, and HTTP requests need at least one.
    WORKER_THREADS = min(WORKER_THREADS, env.DATABASE_POOL - 1)
    DATABASES["default"] |= {
        "ENGINE": "foundation.database.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            # The pauses between reconnects grow. After 4 s the pool gives up, and the next request connects at once.
            "pool": {"min_size": 1, "max_size": env.DATABASE_POOL, "timeout": 10, "reconnect_timeout": 4},
            "connect_timeout": 5,
            # None switches prepared statements off, because some poolers do not support them.
            "prepare_threshold": 0 if env.DATABASE_PREPARED_STATEMENTS else None,
            "options": "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
            " -c plan_cache_mode=force_generic_plan",  # ADR 18
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_TEMP_DIR = INCOMING_DIR  # not the folder of the system, which is often small or in memory

REDIS_URL = env.REDIS_URL
REDIS_PREFIX = env.REDIS_PREFIX
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.channel_layer.PubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
}

TASKS = {"default": {"BACKEND": "tasks.backend.DatabaseBackend"}}
TASKS_IN_SERVER = env.TASKS_IN_SERVER
TASK_THREADS = env.TASK_THREADS
TASK_RETENTION = timedelta(days=env.TASK_RETENTION_DAYS)
NOTIFICATION_RETENTION = timedelta(days=env.NOTIFICATION_RETENTION_DAYS)
MESSAGE_REVISION_RETENTION = timedelta(days=env.MESSAGE_REVISION_DAYS)

# --- People ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=env.ACCESS_TOKEN_MINUTES)
SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.REFRESH_TOKEN_DAYS),
    "UPDATE_LAST_LOGIN": False,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.JWT_SIGNING_KEY,
    "ISSUER": "stoory",
    "AUDIENCE": "stoory",
    "USER_ID_CLAIM": "user_id",
}
REFRESH_GRACE = timedelta(seconds=env.REFRESH_GRACE_SECONDS)
LOGIN_FAILURES_PER_MINUTE = env.LOGIN_FAILURES_PER_MINUTE
LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS = env.LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS
REGISTRATIONS_PER_MINUTE_OF_ADDRESS = env.REGISTRATIONS_PER_MINUTE_OF_ADDRESS
RESERVED_NAMES = env.RESERVED_NAMES
PEOPLE_SEARCH = env.PEOPLE_SEARCH
PEOPLE_SEARCHES_PER_MINUTE = env.PEOPLE_SEARCHES_PER_MINUTE
SOCKET_TOKEN_POLICY = env.SOCKET_TOKEN_POLICY

# --- REST ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionJWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.rate_limits.RequestThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["foundation.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["foundation.rest.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "foundation.rest.AcceptAnything",
    "DEFAULT_METADATA_CLASS": "foundation.rest.MethodsMetadata",
    "DEFAULT_SCHEMA_CLASS": "stoory.openapi_schema.AutoSchema",
    "EXCEPTION_HANDLER": "foundation.rest.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
MAX_JSON_BODY = 256 * 1024
SOCKET_ORIGINS = env.SOCKET_ORIGINS
CORS_ORIGINS = env.CORS_ORIGINS
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [] if CORS_ALLOW_ALL_ORIGINS else CORS_ORIGINS
CORS_ALLOW_CREDENTIALS = False  # tokens are sent in a header; only the admin uses cookies
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, *REQUEST_HEADERS]
CORS_EXPOSE_HEADERS = [*RESPONSE_HEADERS, "Retry-After"]
MAX_REQUEST_BODY = 4 * MAX_JSON_BODY  # of all requests but uploads
MAX_UPLOAD_BYTES = env.MAX_UPLOAD_MEGABYTES * MEGABYTE
MAX_UPLOAD_BODY = MAX_UPLOAD_BYTES + MAX_JSON_BODY
MAX_BYTES_OF_KIND = {
    "picture": env.MAX_PICTURE_MEGABYTES * MEGABYTE,
    "audio": env.MAX_AUDIO_MEGABYTES * MEGABYTE,
    "video": env.MAX_VIDEO_MEGABYTES * MEGABYTE,
    "file": env.MAX_FILE_MEGABYTES * MEGABYTE,
}
UPLOAD_QUOTA_BYTES = round(env.UPLOAD_QUOTA_GB * 1024 * MEGABYTE)

# --- Real time -------------------------------------------------------------------------------------------------

MAX_FRAME = 64 * 1024
TRUSTED_PROXIES = env.TRUSTED_PROXIES
LONG_POLLING = env.LONG_POLLING
ROOM_SWEEP_SECONDS = env.ROOM_SWEEP_SECONDS
EVENT_RETENTION = timedelta(days=env.EVENT_RETENTION_DAYS)
METRICS = env.METRICS
DRAIN_SECONDS = env.DRAIN_SECONDS
SHUTDOWN_SECONDS = env.SHUTDOWN_SECONDS

REQUESTS_PER_SECOND = env.REQUESTS_PER_SECOND
REQUESTS_BURST = env.REQUESTS_BURST
SENDS_PER_SECOND = env.SENDS_PER_SECOND
SENDS_BURST = env.SENDS_BURST
OPENINGS_PER_HOUR = env.OPENINGS_PER_HOUR
SOCKET_EVENTS_PER_MINUTE = env.SOCKET_EVENTS_PER_MINUTE
CONNECTS_PER_MINUTE_OF_USER = env.CONNECTS_PER_MINUTE_OF_USER
CONNECTS_PER_MINUTE_OF_ADDRESS = env.CONNECTS_PER_MINUTE_OF_ADDRESS
RATE_LIMITS = env.RATE_LIMITS
RATE_LIMITS_OFF_CONFIRMED = env.RATE_LIMITS_OFF_CONFIRMED

# --- Deals -----------------------------------------------------------------------------------------------------

DEFAULT_CURRENCY = env.DEFAULT_CURRENCY
FLOWS = env.FLOWS
DEADLINES_IN_SERVER = env.DEADLINES_IN_SERVER
DEADLINE_SECONDS = env.DEADLINE_SECONDS

PAYMENT_PROVIDER = env.PAYMENT_PROVIDER
EXTERNAL_CONNECT_SECONDS = env.EXTERNAL_CONNECT_SECONDS
EXTERNAL_CALL_SECONDS = env.EXTERNAL_CALL_SECONDS
SANDBOX_PAYMENTS = DEBUG and PAYMENT_PROVIDER == "sandbox"
SANDBOX_PAYMENT_SECRET = env.SANDBOX_PAYMENT_SECRET
STRIPE_API_URL = env.STRIPE_API_URL
STRIPE_SECRET_KEY = env.STRIPE_SECRET_KEY
STRIPE_PUBLISHABLE_KEY = env.STRIPE_PUBLISHABLE_KEY
STRIPE_WEBHOOK_SECRET = env.STRIPE_WEBHOOK_SECRET

# --- Pages, files and safety -----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.STATIC_ROOT
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "stoory.static_files.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [SELF, "ws:", "wss:"],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "stoory.exception_reports.ReporterFilter"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.TLS
SECURE_SSL_REDIRECT = env.TLS_REDIRECT
SECURE_HSTS_SECONDS = env.HSTS_SECONDS
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.TLS
# The proxy redirects to https, because health checks and the proxy itself use plain HTTP to this server.
SILENCED_SYSTEM_CHECKS = ["security.W008"]
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS

UPLOAD_TYPES = env.UPLOAD_TYPES
UPLOAD_MAX_PIXELS = env.UPLOAD_MAX_MEGAPIXELS * 1_000_000
DECODE_MEGABYTES = env.DECODE_MEGABYTES
DECODE_SECONDS = env.DECODE_SECONDS
MEDIA_LINK_SECONDS = env.MEDIA_LINK_SECONDS
TRANSFER_STALL_SECONDS = env.TRANSFER_STALL_SECONDS
UPLOADS_PER_HOUR = env.UPLOADS_PER_HOUR
RECEIPTS_PER_MINUTE = env.RECEIPTS_PER_MINUTE

LANGUAGE_CODE = env.LANGUAGE_CODE
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOGGING_CONFIG = "stoory.logging_config.configure"
LOGGING = {"format": env.LOG_FORMAT, "level": env.LOG_LEVEL}
